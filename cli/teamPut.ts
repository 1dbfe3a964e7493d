import type { Team } from './shared/answers.ts';
import { commaList } from './shared/args.ts';
import { type Answer, pathOf } from './shared/client.ts';
import { type Context, clientCommand } from './shared/command.ts';
import { CliError, usageError } from './shared/errors.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { pairs } from './shared/table.ts';

export const command = clientCommand({
  name: 'team put',
  summary: 'Make a team, or change what it may have.',
  positionals: ['NAME'],
  flags: {
    names: {
      kind: 'list',
      value: 'PATTERNS',
      help: 'Names: app.example.com, *.example.com (one label), **.example.com (all below, and it), blocks of addresses, URIs.',
    },
    issuers: {
      kind: 'list',
      value: 'PATTERNS',
      help: 'Issuers: NAME (its own), ClusterIssuer/NAME (shared) or * (every).',
    },
    destinations: {
      kind: 'list',
      value: 'PATTERNS',
      help: 'Places: cluster/namespace/secretName with *, directory:/path/** or secretsManager:name.',
    },
    keys: { kind: 'list', value: 'KINDS', help: 'Kinds of private key: ECDSA-256, RSA-2048 and so on.' },
    'max-duration': { kind: 'text', value: 'DURATION', help: 'The longest that its certificates may be asked for.' },
    'route53-zones': {
      kind: 'list',
      value: 'IDS',
      help: "Hosted zones that its own issuers may use with the service's role in Route 53.",
    },
    quota: { kind: 'text', value: 'NUMBER', help: 'The most certificates that it may have.' },
    ...OUTPUT,
  },
  examples: [
    'chancery team put demo',
    "chancery team put shop --names '**.shop.example.com' --issuers ClusterIssuer/letsencrypt --destinations 'prod/shop/*'",
  ],
  notes: [
    'A new team gets names that are reserved for tests (**.test, **.example, **.localhost), every issuer, every kind of key, and the namespace of its own ' +
      'name in every cluster. What is given replaces that; what is not given stays as it is. Lists hold several values with commas between them.',
  ],
  async run(context, flags, [name = '']) {
    const format = formatOf(flags.output);
    const changes = {
      ...listChange('names', flags.names),
      ...listChange('issuers', flags.issuers),
      ...listChange('destinations', flags.destinations),
      ...listChange('keys', flags.keys),
      ...listChange('route53Zones', flags['route53-zones']),
      ...(flags['max-duration'] !== undefined && { maxDuration: flags['max-duration'] }),
      ...(flags.quota !== undefined && { quota: numberOf(flags.quota) }),
    };
    const before = await existing(context, name);
    const { body, status } = await context.client().request<Team>('PUT', pathOf('v1', 'teams', name), {
      body: { policy: { ...before?.body.policy, ...changes } },
      // Between the look and the change somebody else may have set the policy: theirs must not be lost.
      headers: before?.etag === undefined ? { 'if-none-match': '*' } : { 'if-match': before.etag },
    });
    if (isData(format)) return showData(context.terminal, format, body);
    const changed = body.policyVersion !== before?.body.policyVersion;
    context.terminal.print(`team ${name} ${status === 201 ? 'made' : changed ? 'changed' : 'unchanged'}`);
    for (const line of policyLines(body.policy)) context.terminal.print(line);
  },
});

const listChange = (name: string, values: readonly string[]) =>
  values.length === 0 ? {} : { [name]: commaList(values) };

function numberOf(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw usageError(`--quota ${text}: not a number`);
}

async function existing({ client }: Context, name: string): Promise<Answer<Team> | undefined> {
  try {
    return await client().request<Team>('GET', pathOf('v1', 'teams', name));
  } catch (error) {
    if (error instanceof CliError && error.exit === 'notFound') return undefined;
    throw error;
  }
}

function policyLines(policy: Team['policy']): string[] {
  const { names, issuers, destinations, keys, route53Zones, maxDuration, quota } = policy;
  return pairs(
    [
      ['names', names?.join(', ')],
      ['issuers', issuers?.join(', ')],
      ['destinations', destinations?.join(', ')],
      ['keys', keys?.join(', ')],
      ['zones in Route 53', route53Zones?.join(', ')],
      ['longest duration', maxDuration],
      ['quota', quota === undefined ? undefined : String(quota)],
    ],
    '  ',
  );
}
