import { type TableRole, tableUses } from '../adapters/dynamodb/tables.ts';
import { busPolicy, busSource } from '../adapters/eventbridge/policy.ts';
import {
  dataKeysPolicy,
  type SigningKeyClass,
  type SigningKeyUses,
  signingKeysPolicy,
} from '../adapters/kms/policy.ts';
import { readersPolicy } from '../adapters/lambda/policy.ts';
import type { PolicyStatement } from '../adapters/policyStatement.ts';
import { route53Policy } from '../adapters/route53/policy.ts';
import { secretsManagerPolicy } from '../adapters/secretsManager/policy.ts';
import { deadLettersPolicy } from '../adapters/sqs/policy.ts';
import { workflowsPolicy } from '../adapters/stepfunctions/policy.ts';
import type { FunctionSpec } from './functions.ts';

/** What permissions are about, as ARNs of one installation. */
export interface Arns {
  readonly tables: Readonly<Record<TableRole, string>>;
  /** The key that encrypts a table at rest. */
  readonly tableKeys: Readonly<Record<TableRole, string>>;
  readonly vaultKey: string;
  /** Keys that wrapped what the vault's key did not. */
  readonly formerVaultKeys: readonly string[];
  /** Asymmetric keys, and the classes of them that the configuration has made in KMS. */
  readonly signing: {
    readonly keyArns: readonly string[];
    readonly aliasArn: string;
    readonly made: readonly SigningKeyClass[];
  };
  readonly ledgerStream: string;
  readonly machines: readonly string[];
  readonly executions: readonly string[];
  readonly deadLetters: string;
  /** The functions that read the feed. */
  readonly readers: readonly string[];
  readonly bus: string;
  readonly dns: { readonly zoneArns: readonly string[]; readonly roleArns: readonly string[] };
  readonly eks: { readonly roleArns: readonly string[] };
  readonly secrets: { readonly arns: readonly string[]; readonly roleArns: readonly string[] };
  readonly instance: string;
  readonly region: string;
}

/** DynamoDB encrypts rows with the caller's right to the table's key; the key is of no other use to the role. */
const AT_REST = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'DescribeKey'];

/** All that a function's role may do, its log apart. */
export function permissionsOf(spec: FunctionSpec, arns: Arns): PolicyStatement[] {
  const { tables, vault, signing, also = [] } = spec;
  const roles = [...new Set(tables.map((use) => tableUses[use].table as TableRole))];
  const keys = [...new Set(roles.map((role) => arns.tableKeys[role]))];
  return [
    ...roles.flatMap((role) => tablePolicy(role, spec, arns)),
    allow('EncryptionAtRest', AT_REST.map(kms), keys, {
      StringEquals: { 'kms:ViaService': [`dynamodb.${arns.region}.amazonaws.com`] },
    }),
    ...(vault ? vaultPolicy(vault, arns) : []),
    ...(signing ? signingPolicy(signing, arns) : []),
    ...(also.includes('machines') ? workflowsPolicy(arns.machines, arns.executions) : []),
    ...(also.includes('feed') ? feedPolicy(arns) : []),
    ...(also.includes('bus') ? busPolicy(arns.bus, busSource(arns.instance)) : []),
    ...(also.includes('eks') && arns.eks.roleArns.length > 0
      ? [allow('ClusterRoles', ['sts:AssumeRole'], arns.eks.roleArns)]
      : []),
    ...(also.includes('route53') ? dnsPolicy(arns.dns) : []),
    ...(also.includes('deadLetters') ? [...deadLettersPolicy(arns.deadLetters), ...readersPolicy(arns.readers)] : []),
    ...(also.includes('secretsManager') ? secretsManagerPolicy({ ...arns.secrets, instance: arns.instance }) : []),
  ];
}

const kms = (verb: string): string => `kms:${verb}`;

function tablePolicy(role: TableRole, spec: FunctionSpec, arns: Arns): PolicyStatement[] {
  const { tables, vault } = spec;
  const uses = tables.map((use) => tableUses[use]).filter(({ table }) => table === role);
  const actions = [...new Set(uses.flatMap((use) => use.actions as readonly string[]))].sort();
  const indexes = [...new Set(uses.flatMap((use) => use.indexes as readonly string[]))].sort();
  const arn = arns.tables[role];
  const sid = role[0]!.toUpperCase() + role.slice(1);
  if (role === 'sealed' && vault) return sealedPolicy(actions, vault, arn);
  return [
    ...(actions.length > 0 ? [allow(`${sid}Table`, actions, [arn])] : []),
    ...(indexes.length > 0
      ? [
          allow(
            `${sid}Indexes`,
            ['dynamodb:Query'],
            indexes.map((index) => `${arn}/index/${index}`),
          ),
        ]
      : []),
  ];
}

/** A repeated seal opens what the first one sealed, so whoever seals opens too. */
const opened = ({ open, seal = [] }: NonNullable<FunctionSpec['vault']>) => [...new Set([...open, ...seal])].sort();

/** The vault's rows by what is in them, which is the first word of their key: a role neither reads nor overwrites those of other classes. */
function sealedPolicy(
  actions: readonly string[],
  vault: NonNullable<FunctionSpec['vault']>,
  arn: string,
): PolicyStatement[] {
  const rows = (classes: readonly string[]) => ({
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': classes.map((one) => `${one}/*`) },
  });
  const kinds = [
    ['ReadSealedRows', ['dynamodb:GetItem'], opened(vault)],
    ['WriteSealedRows', ['dynamodb:PutItem'], vault.seal ?? []],
    ['PurgeSealedRows', ['dynamodb:DeleteItem'], vault.purge ?? []],
    ['RewrapSealedRows', ['dynamodb:UpdateItem'], vault.rewrap ?? []],
  ] as const;
  // A scan names no keys, so that no condition on them can hold it.
  const list = actions.filter((one) => one === 'dynamodb:Scan' && vault.rewrap);
  const known = [...kinds.flatMap(([, verbs]) => verbs), ...list];
  const strange = actions.filter((one) => !known.some((verb) => verb === one));
  if (strange.length > 0) throw new Error(`nobody said for which classes of secrets ${strange.join(', ')} is`);
  const byRow = kinds.flatMap(([sid, verbs, classes]) => {
    const asked = verbs.filter((verb) => actions.includes(verb));
    return asked.length > 0 ? [allow(sid, asked, [arn], rows(classes))] : [];
  });
  return list.length > 0 ? [allow('ListSealedRows', list, [arn]), ...byRow] : byRow;
}

function vaultPolicy(vault: NonNullable<FunctionSpec['vault']>, arns: Arns): PolicyStatement[] {
  const { seal = [], rewrap = [] } = vault;
  const { vaultKey: key, formerVaultKeys } = arns;
  const named = (Sid: string, statements: readonly PolicyStatement[]) =>
    statements.map((statement) => ({ ...statement, Sid }));
  return [
    ...named('OpenSecrets', dataKeysPolicy([key, ...formerVaultKeys], opened(vault), ['open'])),
    ...(seal.length > 0 ? named('SealSecrets', dataKeysPolicy([key], seal, ['seal'])) : []),
    ...(rewrap.length > 0 ? named('RewrapSecrets', dataKeysPolicy([key], rewrap, ['rewrap'])) : []),
  ];
}

/** Keys that were made once are signed with whatever the configuration says of new ones. */
function signingPolicy({ make = [], retire = [], ...uses }: SigningKeyUses, { instance, signing }: Arns) {
  const made = (classes: readonly SigningKeyClass[]) => classes.filter((keyClass) => signing.made.includes(keyClass));
  return signingKeysPolicy({ instance, ...signing }, { ...uses, make: made(make), retire: made(retire) });
}

/** Where no zone is named, nothing of Route 53 is allowed but the roles that are. */
function dnsPolicy(dns: Arns['dns']): PolicyStatement[] {
  return route53Policy(dns).filter(({ Sid }) => dns.zoneArns.length > 0 || Sid === 'OtherAccounts');
}

/** Lambda does not take a reader whose role may not do all four: docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
function feedPolicy({ ledgerStream, deadLetters }: Arns): PolicyStatement[] {
  return [
    allow('FindFeed', ['dynamodb:ListStreams'], ['*']),
    allow('ReadFeed', ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], [ledgerStream]),
    allow('DeadLetters', ['sqs:SendMessage'], [deadLetters]),
  ];
}

/** One statement. */
export const allow = (
  Sid: string,
  Action: readonly string[],
  Resource: readonly string[],
  Condition?: PolicyStatement['Condition'],
): PolicyStatement => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });

/** Why a statement has a wildcard among its resources, by the statement's Sid. Any other statement must name them. */
export const wildcardReasons: Readonly<Record<string, string>> = {
  FindFeed: 'listing streams knows no resources, and shows their names alone',
  SeeExecutions: 'executions are named by a hash of a stream: nobody knows the names beforehand',
  SeeSecrets: "a secret's name follows from its certificate; the prefix is the operator's",
  MakeSecrets: "a secret's name follows from its certificate; only one with our tag is made",
  KeepOwnSecrets: 'only secrets that bear our tag',
  WithdrawOwnSecrets: 'only secrets that bear our tag, and so that they can be restored',
  SignByKeys: 'keys are made while the service runs; only those that bear our tag and are of the class',
  SeeSigningKeys: 'keys are made while the service runs; only those that bear our tag and are of the class',
  MakeSigningKeys: 'a key has no name before it is made; only one that signs and is tagged as ours is made',
  TagSigningKeys: 'a key has no name before it is made; only the tags that make it ours',
  NameSigningKeys: "a key's alias follows from what it is for",
  KeepSigningKeys: 'only keys that bear our tag and are of the class',
  RetireSigningKeys: 'only keys that bear our tag and are of the class',
  FindZones: 'listing zones knows no resources',
  FollowChanges: 'changes have ids that Route 53 makes',
  DeliverLogs: 'log deliveries know no resources: docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html',
  Trace: 'traces know no resources: docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html',
};
