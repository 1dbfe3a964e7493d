import { randomUUID } from 'node:crypto';
import {
  type AttributeDefinition,
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { dynamodbClient } from '../../lib/adapters/dynamodb/client.ts';
import {
  ledgerTables,
  type TableDefinition,
  type TableNames,
  type TableRole,
} from '../../lib/adapters/dynamodb/tables.ts';
import type { Ministack } from './peers/ministack.ts';

/** A client of the emulator, which on a busy machine may take long over its first answer. */
export const clientOf = ({ endpoint, region, credentials }: Pick<Ministack, 'endpoint' | 'region' | 'credentials'>) =>
  dynamodbClient({ endpoint, region, credentials, requestHandler: { requestTimeout: 60_000 } });

/** Makes the tables of these roles as {@link ledgerTables} says, under names that nobody has used. Roles that are left out have no table. */
export async function makeTables(client: DynamoDBClient, roles: readonly TableRole[]): Promise<TableNames> {
  const run = randomUUID();
  const names = { ledger: '', views: '', sealed: '', challenges: '' };
  for (const role of roles) {
    names[role] = `${role}-${run}`;
    const { timeToLive } = ledgerTables[role];
    await client.send(new CreateTableCommand(createTable(names[role], ledgerTables[role])));
    if (timeToLive === undefined) continue;
    const TimeToLiveSpecification = { AttributeName: timeToLive, Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName: names[role], TimeToLiveSpecification }));
  }
  return names;
}

export async function removeTables(client: DynamoDBClient, names: TableNames): Promise<void> {
  for (const TableName of Object.values(names).filter(Boolean))
    await client.send(new DeleteTableCommand({ TableName }));
}

function createTable(TableName: string, { partitionKey, sortKey, indexes, stream }: TableDefinition) {
  const keys = [partitionKey, sortKey, ...indexes.flatMap((index) => [index.partitionKey, index.sortKey])];
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    AttributeDefinitions: [...new Set(keys)].filter((name) => name !== undefined).map(asString),
    KeySchema: keySchema(partitionKey, sortKey),
    ...(indexes.length > 0 && {
      GlobalSecondaryIndexes: indexes.map(({ name, projects, ...key }) => ({
        IndexName: name,
        KeySchema: keySchema(key.partitionKey, key.sortKey),
        Projection: projection(projects),
      })),
    }),
    ...(stream && { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } }),
  };
}

const asString = (AttributeName: string): AttributeDefinition => ({ AttributeName, AttributeType: 'S' });

const keySchema = (partition: string, sort: string | undefined): KeySchemaElement[] => [
  { AttributeName: partition, KeyType: 'HASH' },
  ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' as const }]),
];

function projection(projects: 'ALL' | readonly string[]) {
  if (projects === 'ALL') return { ProjectionType: 'ALL' as const };
  if (projects.length === 0) return { ProjectionType: 'KEYS_ONLY' as const };
  return { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: [...projects] };
}
