import { runCommand } from '../commands.ts';
import { install, pythonEnvs } from './pythonEnvs.ts';

/** What cfn-lint has to say against a place of a template. */
export interface Finding {
  /** Such as `E3002`: errors begin with E, warnings with W. */
  readonly rule: string;
  /** Path within the template, with dots. */
  readonly at: string;
  readonly message: string;
}

const MAIN = 'import sys; from cfnlint.runner import main; sys.exit(main())';

/** Checks templates against the schemas of a region's resources, and by cfn-lint's rules: errors and warnings. @param files paths of templates */
export async function cfnLint(files: readonly string[], region = 'eu-central-1'): Promise<Finding[]> {
  const python = await install(pythonEnvs.cfnLint);
  const args = ['-c', MAIN, '--format', 'json', '--regions', region, '--', ...files];
  const { code, stdout, stderr } = await runCommand(python, args);
  // Its exit code is a sum of bits for what was found; from 32 on it did not get as far.
  if (code === undefined || code >= 32 || !stdout.startsWith('['))
    throw new Error(`cfn-lint failed: ${stderr.slice(-2000)}`);
  const found = JSON.parse(stdout) as {
    Rule: { Id: string };
    Message: string;
    Location: { Path: (string | number)[] | null };
  }[];
  return found.map(({ Rule, Message, Location }) => ({
    rule: Rule.Id,
    at: (Location.Path ?? []).join('.'),
    message: Message,
  }));
}
