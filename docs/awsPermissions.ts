import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PolicyStatement } from '../lib/adapters/policyStatement.ts';
import { type FunctionSpec, functionNames, functions } from '../lib/stacks/functions.ts';
import { type Arns, permissionsOf, wildcardReasons } from '../lib/stacks/permissions.ts';

/** Where the page lies. */
export const PAGE = fileURLToPath(new URL('aws-permissions.md', import.meta.url));

/** Words in the place of ARNs. */
const words: Arns = {
  tables: { ledger: 'ledger', views: 'views', sealed: 'sealed', challenges: 'challenges' },
  tableKeys: { ledger: 'ledger key', views: 'ledger key', sealed: 'vault key', challenges: 'ledger key' },
  vaultKey: 'vault key',
  formerVaultKeys: [],
  signing: { keyArns: ['keys of the AWS account'], aliasArn: 'alias', made: ['account', 'ca'] },
  ledgerStream: "the ledger's stream",
  machines: ['the two state machines'],
  executions: ['their executions'],
  deadLetters: 'the dead-letter queue',
  readers: ['project', 'react'],
  bus: 'the event bus',
  dns: { zoneArns: ['zones that the configuration names'], roleArns: ['roles that the configuration names'] },
  eks: { roleArns: ['roles that the configuration names'] },
  secrets: { arns: ['secrets below the prefix'], roleArns: ['roles that the configuration names'] },
  instance: 'INSTANCE',
  region: 'REGION',
};

/** The page: what each function's role may do, made from what the roles are made from. */
export function awsPermissions(): string {
  const rows = functionNames.flatMap((name) => permissionsOf(functions[name], words).map((one) => row(name, one)));
  const runs = functionNames.map((name) => {
    const { purpose, memory, timeout, budget }: FunctionSpec = functions[name];
    return `| ${name} | ${purpose} | ${memory} MiB | ${timeout} s | ${budget} KiB |`;
  });
  const reasons = Object.entries(wildcardReasons).map(([sid, reason]) => `| ${sid} | ${reason} |`);
  return `# Functions and what they may do

Made from \`lib/stacks/functions.ts\` by \`npm run docs:aws\`; a test compares. [aws.md](aws.md) says how the whole is deployed.

Each function has one role and each role one function. Beside what is below, a role may write to its function's own log group.

| function | for | memory | timeout | code at most |
|---|---|---|---|---|
${runs.join('\n')}

## Permissions

| function | statement | actions | on | only when |
|---|---|---|---|---|
${rows.join('\n')}

Two more roles are no function's: Step Functions runs a machine's own steps, and the schedule starts the scan.

## Wildcards

Nothing but these statements has a wildcard, none in an action, and each for the reason that stands here:

| statement | reason |
|---|---|
${reasons.join('\n')}
`;
}

function row(name: string, { Sid, Action, Resource, Condition = {} }: PolicyStatement): string {
  const conditions = Object.values(Condition).flatMap((keys) =>
    Object.entries(keys).map(([key, values]) => `\`${key}\` is ${values.join(' or ')}`),
  );
  return `| ${name} | ${Sid} | ${Action.map((action) => `\`${action}\``).join(' ')} | ${Resource.join(', ')} | ${conditions.join('; ')} |`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(PAGE, awsPermissions());
}
