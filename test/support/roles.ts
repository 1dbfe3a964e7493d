import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { installation } from '../../lib/stacks/app.ts';
import { parseConfig } from '../../lib/stacks/config.ts';
import { runCommand } from './commands.ts';
import { repository } from './peers/paths.ts';
import { install, pythonEnvs } from './peers/pythonEnvs.ts';
import { tempDir } from './temp.ts';

export interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** What a role asks AWS for. `context`: condition keys that AWS would fill in. */
export interface Request {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** The policies that the stacks give to the functions' roles, with every reference filled in. */
export interface Roles {
  readonly policies: Readonly<Record<string, Policy>>;
  readonly environments: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly account: string;
  readonly region: string;
}

interface Template {
  // biome-ignore lint/suspicious/noExplicitAny: templates have any shape
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: any }>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: string } }>>;
}

const account = '111122223333';
const region = 'eu-central-1';

/** Synthesizes an installation for an account, and reads the roles of its functions from the templates. */
export function synthesizedRoles(config: object): Roles {
  const outdir = tempDir('roles');
  const code = join(outdir, 'code');
  mkdirSync(code);
  writeFileSync(join(code, 'index.mjs'), '');
  const app = new App({ outdir: join(outdir, 'out') });
  installation({ config: parseConfig({ account, region, ...config }), version: '1.2.3', codeOf: () => code }, app);
  const templates = app.synth().stacks.map(({ template }) => template as Template);
  const policies: Record<string, Policy> = {};
  const environments: Record<string, Record<string, string>> = {};
  for (const template of templates) {
    const fill = (value: unknown): unknown => filled(value, template, templates);
    const all = Object.values(template.Resources);
    for (const { Properties } of all.filter(({ Type }) => Type === 'AWS::Lambda::Function')) {
      const name = String(Properties.FunctionName).replace(/^[^-]+-/, '');
      const role = JSON.stringify(Properties.Role['Fn::GetAtt'][0]);
      const policy = all.find(
        ({ Type, Properties: { Roles: owners } }) =>
          Type === 'AWS::IAM::Policy' && JSON.stringify(owners).includes(role),
      );
      policies[name] = fill(policy!.Properties.PolicyDocument) as Policy;
      environments[name] = fill(Properties.Environment?.Variables ?? {}) as Record<string, string>;
    }
  }
  return { policies, environments, account, region };
}

const SERVICES: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'dynamodb',
  'AWS::KMS::Key': 'kms',
};

/** A value of a template as it would be when it is deployed. Names are those in the template. */
function filled(value: unknown, template: Template, templates: readonly Template[]): unknown {
  const again = (one: unknown): unknown => filled(one, template, templates);
  if (Array.isArray(value)) return value.map(again);
  if (value === null || typeof value !== 'object') return value;
  const [[member, argument] = []] = Object.entries(value);
  switch (member) {
    case 'Ref':
      return argument === 'AWS::Partition' ? 'aws' : argument;
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map(again).join(separator);
    }
    case 'Fn::GetAtt': {
      const [id, attribute] = argument as [string, string];
      const service = SERVICES[template.Resources[id]!.Type] ?? 'other';
      return `arn:aws:${service}:${region}:${account}:${service === 'kms' ? 'key' : 'table'}/${id}${attribute === 'Arn' ? '' : `/${attribute}`}`;
    }
    case 'Fn::ImportValue': {
      const from = templates.find(({ Outputs }) => exported(Outputs, argument));
      return filled(exported(from!.Outputs, argument)!.Value, from!, templates);
    }
    default:
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, again(one)]));
  }
}

const exported = (outputs: Template['Outputs'], name: unknown) =>
  Object.values(outputs ?? {}).find(({ Export }) => Export?.Name === name);

/** Whether each request is allowed, by the emulator's own evaluation of policies, which knows nothing of ours. */
export async function allowedBy(
  { account: of, region: at }: Roles,
  policies: Roles['policies'],
  requests: readonly Request[],
): Promise<boolean[]> {
  const python = await install(pythonEnvs.ministack);
  const script = join(repository, 'test/support/peers/evaluatePolicies.py');
  const input = JSON.stringify({ account: of, region: at, policies, requests });
  const { code, stdout, stderr } = await runCommand(python, [script], input, tempDir('policies'));
  if (code !== 0) throw new Error(`the policies were not evaluated: ${stderr}`);
  return (JSON.parse(stdout) as string[]).map((decision) => decision === 'Allow');
}
