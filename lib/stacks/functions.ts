import type { tableUses } from '../adapters/dynamodb/tables.ts';
import type { SigningKeyUses } from '../adapters/kms/policy.ts';

const SECRETS = ['account', 'chain', 'cluster', 'credential', 'key'] as const;

/** First word of a sealed row's reference. */
export type SecretClass = (typeof SECRETS)[number];

/** A function: how it runs, and all that its role may do. The roles, the table in docs/aws-permissions.md and the bench are made from it. */
export interface FunctionSpec {
  /** What it is for, in a few words. */
  readonly purpose: string;
  /** MiB; processing power comes with it. */
  readonly memory: number;
  /** Seconds. Of a step: fewer than its Task state waits, so that a retry never runs beside a living handler. */
  readonly timeout: number;
  /** KiB of minified code at most. */
  readonly budget: number;
  /** Its code reads the names of classes: the words of refusals by aws-jwt-verify are those of its errors. */
  readonly keepNames?: true;
  readonly tables: readonly (keyof typeof tableUses)[];
  readonly vault?: {
    readonly open: readonly SecretClass[];
    readonly seal?: readonly SecretClass[];
    readonly purge?: readonly SecretClass[];
    readonly rewrap?: readonly SecretClass[];
  };
  /** Keys in KMS that it signs with. Those that it makes, it makes where the configuration says so. */
  readonly signing?: SigningKeyUses;
  /** What else it may reach. */
  readonly also?: readonly ('machines' | 'feed' | 'bus' | 'eks' | 'route53' | 'secretsManager' | 'deadLetters')[];
}

const STEP = { memory: 512, timeout: 50, budget: 450 } as const;

const LEDGER = ['readLedger', 'appendToLedger'] as const;
/** An ACME account: its key, and the credential that binds it (RFC 8555 7.3.4). */
const ACCOUNT = { open: ['account', 'credential'], seal: ['account'] } as const;

/** Whoever does what is owed registers accounts, and lets go of keys and chains that nothing needs any more. */
const PURSUING = {
  open: SECRETS,
  seal: ['account'],
  purge: ['chain', 'key'],
} as const;

/** Every function, by the name of its entry point in functions/lambda. */
export const functions = {
  order: {
    ...STEP,
    purpose: 'step: places the order',
    tables: [...LEDGER, 'openSealed', 'seal', 'keepLimits'],
    vault: ACCOUNT,
    signing: { sign: ['account'], make: ['account'] },
  },
  challenge: {
    ...STEP,
    purpose: 'step: presents and answers challenges',
    tables: [...LEDGER, 'openSealed', 'seal', 'presentChallenges', 'keepLimits'],
    vault: { open: ['account', 'credential', 'key'], seal: ['account', 'key'] },
    signing: { sign: ['account'] },
    also: ['route53'],
  },
  finalize: {
    ...STEP,
    purpose: 'step: sends the CSR, or signs',
    tables: [...LEDGER, 'readViews', 'openSealed', 'seal', 'keepLimits'],
    vault: { open: ['account', 'chain', 'credential', 'key'], seal: ['account', 'chain', 'key'] },
    signing: { sign: ['account', 'ca'], make: ['ca'] },
  },
  store: {
    ...STEP,
    purpose: 'step: checks and keeps the chain',
    tables: [...LEDGER, 'openSealed', 'seal', 'keepLimits'],
    vault: { open: ['account', 'chain', 'credential'], seal: ['account', 'chain'] },
    signing: { sign: ['account'] },
  },
  recordFailure: {
    ...STEP,
    memory: 256,
    purpose: 'step: records a failed issuance',
    tables: [...LEDGER, 'keepLimits'],
  },
  cleanUp: {
    ...STEP,
    purpose: 'step: removes challenges',
    tables: [...LEDGER, 'openSealed', 'presentChallenges'],
    vault: { open: ['credential'] },
    also: ['route53'],
  },
  push: {
    ...STEP,
    purpose: 'step: delivers to one destination',
    tables: [...LEDGER, 'openSealed'],
    vault: { open: ['chain', 'cluster', 'key'] },
    also: ['secretsManager', 'eks'],
  },
  recordPushFailure: { ...STEP, memory: 256, purpose: 'step: records a failed delivery', tables: LEDGER },
  project: {
    purpose: 'feed: keeps the views',
    memory: 512,
    timeout: 60,
    budget: 450,
    tables: ['readLedger', 'project'],
    also: ['feed'],
  },
  react: {
    purpose: 'feed: starts what a commit makes due, and tells the bus',
    memory: 512,
    timeout: 60,
    budget: 450,
    tables: [...LEDGER, 'readViews', 'watchViews', 'openSealed', 'seal', 'purgeSealed', 'keepLimits'],
    vault: PURSUING,
    signing: { sign: ['account'], look: ['ca'], make: ['account'], retire: ['ca'] },
    also: ['feed', 'machines', 'bus', 'eks'],
  },
  scan: {
    purpose: 'schedule: starts whatever is due, looks at copies in clusters, and measures',
    memory: 512,
    timeout: 240,
    budget: 450,
    tables: [
      ...LEDGER,
      'findDue',
      'postponeDue',
      'readViews',
      'watchViews',
      'openSealed',
      'seal',
      'purgeSealed',
      'keepLimits',
    ],
    vault: PURSUING,
    signing: { sign: ['account'], look: ['ca'], make: ['account'] },
    also: ['machines', 'eks'],
  },
  api: {
    purpose: 'HTTP API',
    memory: 1024,
    timeout: 29,
    budget: 1600,
    keepNames: true,
    tables: [...LEDGER, 'listStreams', 'readViews', 'watchViews', 'openSealed', 'seal', 'purgeSealed', 'keepLimits'],
    vault: {
      open: ['chain', 'cluster', 'credential', 'key'],
      seal: ['cluster', 'credential'],
      purge: ['cluster', 'credential'],
    },
    also: ['deadLetters'],
  },
  http01: {
    purpose: 'answers http-01 challenges to anybody',
    memory: 256,
    timeout: 10,
    budget: 300,
    tables: ['answerChallenges'],
  },
  rebuild: {
    purpose: 'makes the views anew for whoever may call it',
    memory: 1024,
    timeout: 900,
    budget: 450,
    tables: ['readLedger', 'listStreams', 'readViews', 'project', 'clearViews'],
  },
  rewrap: {
    purpose: 'wraps data keys anew for whoever may call it',
    memory: 512,
    timeout: 900,
    budget: 300,
    tables: ['rotateSealed'],
    vault: { open: SECRETS, rewrap: SECRETS },
  },
  adminToken: {
    purpose: "makes an administrator's token for whoever may call it",
    memory: 256,
    timeout: 10,
    budget: 300,
    tables: LEDGER,
  },
} as const satisfies Readonly<Record<string, FunctionSpec>>;

export type FunctionName = keyof typeof functions;

export const functionNames = Object.keys(functions) as FunctionName[];

/** Those that people and programs call: the API's stack has them. */
export type ApiFunction = 'api' | 'http01' | 'adminToken' | 'rebuild' | 'rewrap';
