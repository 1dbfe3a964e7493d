/** A secondary index. Its rows are those of the table that have both of its keys. */
export interface IndexDefinition {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  /** Attributes besides the keys of index and table; `ALL` for every one. */
  readonly projects: 'ALL' | readonly string[];
}

/** A table as plain data, for whoever makes it: the stacks on AWS, the tests on an emulator. All key attributes are strings. */
export interface TableDefinition {
  readonly partitionKey: string;
  readonly sortKey?: string;
  readonly indexes: readonly IndexDefinition[];
  /** The attribute with the second (since 1970) from which on DynamoDB may remove the row. */
  readonly timeToLive?: string;
  /** What the table's stream carries; no stream when absent. */
  readonly stream?: 'NEW_IMAGE';
  /** Which KMS key encrypts it at rest: a role that may read one need not read the other. */
  readonly encryptionKey: 'ledger' | 'vault';
  /** Whether losing it loses facts: point-in-time recovery and deletion protection. What is not can be made again or is short-lived. */
  readonly precious: boolean;
}

/** The tables by what they hold. */
export type TableRole = 'ledger' | 'views' | 'sealed' | 'challenges';

/** The name of each table in its account and region. */
export type TableNames = Readonly<Record<TableRole, string>>;

/** Index of the head rows that owe work, by shard and time. */
export const DUE_INDEX = 'due';
/** Index of every head row, by shard and name. */
export const STREAMS_INDEX = 'streams';
/** Index of a view's rows by owner. */
export const OWNER_INDEX = 'owner';
/** Indexes of the rows that have a time to be watched by: each has that time's name, and its sort key. */
export const WATCHED = {
  expires: { index: 'until', attribute: 'until' },
  owed: { index: 'owed', attribute: 'owed' },
} as const;

/** What begins the sort key of a commit's row. */
export const COMMIT_PREFIX = 'commit#';

/** Every table of the ledger and its vault. README.md beside this file says what the attributes are. */
export const ledgerTables: Readonly<Record<TableRole, TableDefinition>> = {
  ledger: {
    partitionKey: 'stream',
    sortKey: 'item',
    indexes: [
      { name: DUE_INDEX, partitionKey: 'shard', sortKey: 'dueKey', projects: ['version'] },
      { name: STREAMS_INDEX, partitionKey: 'shard', sortKey: 'stream', projects: [] },
    ],
    stream: 'NEW_IMAGE',
    encryptionKey: 'ledger',
    precious: true,
  },
  views: {
    partitionKey: 'shelf',
    sortKey: 'key',
    indexes: [
      { name: OWNER_INDEX, partitionKey: 'ownerShelf', sortKey: 'key', projects: 'ALL' },
      ...Object.values(WATCHED).map(({ index, attribute }) => ({
        name: index,
        partitionKey: 'shelf',
        sortKey: attribute,
        projects: ['owner', 'issuer', 'failing'],
      })),
    ],
    timeToLive: 'expires',
    encryptionKey: 'ledger',
    precious: false,
  },
  sealed: { partitionKey: 'ref', indexes: [], encryptionKey: 'vault', precious: true },
  challenges: {
    partitionKey: 'id',
    indexes: [],
    timeToLive: 'expires',
    encryptionKey: 'ledger',
    precious: false,
  },
};

/**
 * Which records of the ledger's stream are commits: an event source mapping's filter pattern, so that no function is called for a head row.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
 */
export const commitRecords = {
  eventName: ['INSERT'],
  dynamodb: { Keys: { item: { S: [{ prefix: COMMIT_PREFIX }] } } },
} as const;

/** What is done to a table for one purpose. */
export interface TableUse {
  readonly table: TableRole;
  /** On the table itself. A transaction of puts asks for PutItem. */
  readonly actions: readonly `dynamodb:${string}`[];
  /** What is queried besides (`dynamodb:Query`). */
  readonly indexes: readonly string[];
}

/** The least that a role needs, by what it uses the adapters for. */
export const tableUses = {
  readLedger: { table: 'ledger', actions: ['dynamodb:GetItem', 'dynamodb:Query'], indexes: [] },
  appendToLedger: { table: 'ledger', actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], indexes: [] },
  findDue: { table: 'ledger', actions: [], indexes: [DUE_INDEX] },
  postponeDue: { table: 'ledger', actions: ['dynamodb:UpdateItem'], indexes: [] },
  listStreams: { table: 'ledger', actions: [], indexes: [STREAMS_INDEX] },
  readViews: { table: 'views', actions: ['dynamodb:GetItem', 'dynamodb:Query'], indexes: [OWNER_INDEX] },
  watchViews: { table: 'views', actions: [], indexes: Object.values(WATCHED).map(({ index }) => index) },
  project: { table: 'views', actions: ['dynamodb:PutItem'], indexes: [] },
  clearViews: { table: 'views', actions: ['dynamodb:BatchWriteItem', 'dynamodb:Scan'], indexes: [] },
  openSealed: { table: 'sealed', actions: ['dynamodb:GetItem'], indexes: [] },
  seal: { table: 'sealed', actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], indexes: [] },
  purgeSealed: { table: 'sealed', actions: ['dynamodb:DeleteItem'], indexes: [] },
  rotateSealed: {
    table: 'sealed',
    actions: ['dynamodb:GetItem', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
    indexes: [],
  },
  answerChallenges: { table: 'challenges', actions: ['dynamodb:GetItem'], indexes: [] },
  presentChallenges: {
    table: 'challenges',
    actions: ['dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    indexes: [],
  },
  keepLimits: { table: 'challenges', actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem'], indexes: [] },
} as const satisfies Readonly<Record<string, TableUse>>;
