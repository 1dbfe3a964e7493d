import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { allowList } from '../adapters/net/allowList.ts';
import { nearest } from '../application/schema/closed.ts';
import { check } from '../application/schema/parse.ts';
import type { InputError } from '../domain/inputInvalid.ts';

/** Days that CloudWatch can keep logs for. */
const RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653] as const;

const arnOfRole = z
  .string()
  .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/, 'the ARN of a role: arn:aws:iam::123456789012:role/NAME');

const arnOfKey = z.string().regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, 'the ARN of a key in KMS');
/** A name with two labels or more. */
const HOST = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;
const ARN_OF_CERTIFICATE = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/;

const tableName = z.string().regex(/^[\w.-]{3,255}$/, 'the name of a table: 3 to 255 letters, digits and _.-');

/** Each is told once. */
const addresses = z
  .array(z.email('an address such as ops@example.com'))
  .refine((all) => new Set(all).size === all.length, 'each address once')
  .default([]);

/** What {@link allowList} reads, which functions would only find out when they start. */
const allowed = z.string().refine((entry) => {
  try {
    allowList([entry]);
    return !entry.includes(',');
  } catch {
    return false;
  }
}, 'host, host:port, an address or a CIDR block such as 10.0.0.0/8');

/** What all services take that are marked with them: docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html */
const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const tagKey = z
  .string()
  .regex(TAG, 'letters, digits, blanks and _.:/=+-@')
  .refine((key) => key.length > 0 && key.length <= 128, '1 to 128 characters')
  .refine((key) => !/^(aws|chancery):/i.test(key), 'no key that begins with aws: or chancery:');
const tagValue = z.string().max(256).regex(TAG, 'letters, digits, blanks and _.:/=+-@');

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html */
const STREAM_ARN = /^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:\d{12}:table\/[\w.-]{3,255}\/stream\/[\w:.-]+$/;

const members = z.strictObject({
  /** Tells installations in one account and region apart; marks what this one made in clusters and accounts. */
  instance: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,29}$/, 'up to 30 lower-case letters, digits and hyphens, a letter first')
    .default('chancery'),
  account: z
    .string()
    .regex(/^\d{12}$/, 'twelve digits')
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region, such as eu-central-1')
    .optional(),
  /** Who is told of alarms. Each address gets a message that asks to confirm. */
  alarmEmails: addresses,
  /** Who is told of what goes wrong with certificates. Each address gets a message that asks to confirm. */
  notificationEmails: addresses,
  /** Days that public events can be told again for. */
  archiveDays: z.int().min(1).max(3653).default(90),
  logRetentionDays: z.literal(RETENTION).default(90),
  /** What happens to tables and keys when a stack is deleted. */
  removal: z.enum(['retain', 'destroy']).default('retain'),
  /** Days after which KMS makes the keys of the tables and the logs new. */
  keyRotationDays: z.int().min(90).max(2560).default(2560),
  /** Whether there is a dashboard: an account has three for nothing. */
  dashboard: z.boolean().default(true),
  /** Where the keys of new ACME accounts are made: sealed in the vault, or in KMS, which nobody can take them out of. */
  accountKeys: z.enum(['vault', 'kms']).default('vault'),
  /** The same for the keys of new certificates that are CAs. */
  caKeys: z.enum(['vault', 'kms']).default('vault'),
  route53: z
    .strictObject({
      /** Zones in which dns01 challenges may be presented. */
      zones: z
        .array(z.string().regex(/^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone, such as Z0123456789ABC'))
        .default([]),
      /** Roles in other accounts that may be assumed to present there. */
      roleArns: z.array(arnOfRole).default([]),
    })
    .prefault({}),
  secretsManager: z
    .strictObject({
      /** Names of secrets that certificates may be delivered to begin with it. */
      prefix: z
        .string()
        .regex(/^[\w/+=.@-]{1,100}$/, 'letters, digits and /_+=.@-')
        .default('chancery/'),
      /** Roles in other accounts that may be assumed to write secrets there. */
      roleArns: z.array(arnOfRole).default([]),
    })
    .prefault({}),
  eks: z
    .strictObject({
      /** Roles that may be assumed to speak to clusters of EKS. */
      roleArns: z.array(arnOfRole).default([]),
    })
    .prefault({}),
  /** An OIDC issuer whose tokens the API takes beside its own. */
  oidc: z
    .strictObject({
      issuer: z.url({ protocol: /^https$/, error: 'an https URL, as in the tokens' }),
      audience: z.array(z.string().regex(/^[^,]+$/, 'a text without a comma')).min(1),
      teamClaim: z.string().min(1).optional(),
      verbsClaim: z.string().min(1).optional(),
    })
    .optional(),
  /** Private addresses that the service may dial: `host`, `host:port` or a CIDR block. */
  allowAddresses: z.array(allowed).default([]),
  /** A name of the API's own, and the certificate of AWS Certificate Manager that it has; the name's record in DNS is the operator's. */
  domain: z
    .strictObject({
      name: z.string().regex(HOST, 'a name in lower case, such as chancery.example.com'),
      certificateArn: z.string().regex(ARN_OF_CERTIFICATE, 'the ARN of a certificate of AWS Certificate Manager'),
    })
    .optional(),
  /** Requests a second, and how many more at once, that the API takes from everybody together. */
  throttle: z
    .strictObject({ rate: z.int().min(1).max(10_000).default(100), burst: z.int().min(1).max(5000).default(200) })
    .prefault({}),
  /** Tables that were restored from a backup, each in the place of the stack's own. */
  restored: z
    .strictObject({
      ledger: z
        .strictObject({ table: tableName, stream: z.string().regex(STREAM_ARN, "the ARN of the table's stream") })
        .refine(({ table, stream }) => stream.includes(`:table/${table}/`), {
          path: ['stream'],
          error: "the ARN of the table's own stream: LatestStreamArn of aws dynamodb describe-table",
        })
        .optional(),
      sealed: z.strictObject({ table: tableName }).optional(),
    })
    .prefault({}),
  /** A key of KMS that seals in the place of the stack's own, and those that sealed before, the stack's own among them. */
  vault: z
    .strictObject({
      key: arnOfKey.optional(),
      former: z.array(arnOfKey).default([]),
    })
    .prefault({}),
  /** Where alarms say that the runbook is. */
  runbook: z.string().min(1).max(500).default('docs/runbook.md'),
  tags: z
    .record(tagKey, tagValue)
    .refine((tags) => Object.keys(tags).length <= 40, 'at most 40')
    .default({}),
});

/** Members that must be of the same place. */
const schema = members.refine(
  ({ region, domain }) => !region || !domain || domain.certificateArn.split(':')[3] === region,
  { path: ['domain', 'certificateArn'], error: 'a certificate in the region of the installation' },
);

/** What an operator decides about an installation. docs/aws.md says what each member means. */
export type Config = Readonly<z.output<typeof schema>>;

/** A configuration that is not to be deployed. The message names each wrong key and what is allowed there. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';
}

/** @throws ConfigInvalid */
export function parseConfig(input: unknown): Config {
  const result = check(schema, input);
  if ('value' in result) return result.value;
  throw new ConfigInvalid(`the configuration is not valid:\n${result.errors.map(line).join('\n')}`);
}

const line = ({ field, message, remedy }: InputError): string =>
  `  ${field || 'the configuration'}: ${message}${remedy ? ` (${remedy})` : ''}`;

/** @param file path of a JSON file @throws ConfigInvalid */
export function readConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigInvalid(`the configuration ${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    return parseConfig(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw new ConfigInvalid(`${file} is not JSON: ${error.message}`);
    throw error;
  }
}

/**
 * The configuration that the CDK's context names (`-c config=FILE`); all is as by default without one.
 * @throws ConfigInvalid also for a slip of the hand in `config`, and for a member that stands in the context: an installation by default would be the answer to both
 */
export function configOf(context: Readonly<Record<string, unknown>>): Config {
  const { config, ...others } = context;
  for (const key of Object.keys(others)) {
    if (!(key in schema.shape) && !nearest(key, ['config'])) continue;
    throw new ConfigInvalid(`-c ${key}: is not known; members stand in a JSON file, which is named by -c config=FILE`);
  }
  if (config === undefined) return parseConfig({});
  if (typeof config === 'string' && config !== '') return readConfig(config);
  throw new ConfigInvalid('-c config: must be the path of a JSON file');
}
