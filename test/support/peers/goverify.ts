import { join } from 'node:path';
import { runCommand } from '../commands.ts';
import { build, goModules } from './goModules.ts';

/** Why Go's standard library does not trust `chain` (leaf first) for a server named `name`; undefined when it does. All PEM. */
export async function goRefusal(roots: string, chain: string, name: string): Promise<string | undefined> {
  const program = join(await build(goModules.goverify), 'goverify');
  const { code, stdout } = await runCommand(program, [], JSON.stringify({ roots, chain, name }));
  return code === 0 ? undefined : stdout.trim();
}
