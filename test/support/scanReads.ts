import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DUE, dueOf, START, stateOf, streamOf, uidOf } from '../../bench/scan/heads.ts';
import { dynamodbEventStore } from '../../lib/adapters/dynamodb/eventStore.ts';
import type { TableNames } from '../../lib/adapters/dynamodb/tables.ts';
import { Ledger } from '../../lib/application/ledger.ts';
import { scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import { inLanes } from '../../lib/async/lanes.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { systemIds } from '../../server/system.ts';
import { makeTables, removeTables } from './dynamodb.ts';
import { entry } from './ledger.ts';

const BATCH = 25;

/** What was read of the tables: requests, and rows that they looked at, which is what DynamoDB counts. */
export interface Reads {
  queries: number;
  gets: number;
  rows: number;
}

/** The row that the adapter would write for a head. */
async function headRow(tableNames: TableNames, index: number, certificates: number) {
  const put: Record<string, unknown>[] = [];
  const capture = {
    async send({ input }: { input: { TransactItems?: { Put: { Item: Record<string, unknown> } }[] } }) {
      put.push(...(input.TransactItems ?? []).map(({ Put }) => Put.Item));
      return {};
    },
  };
  const dueAt = dueOf(index, certificates, 1);
  const { commit, head } = entry(streamOf(index), 1, { dueAt });
  const state = JSON.parse(stateOf(uidOf(index), dueAt));
  const store = dynamodbEventStore({ client: capture as unknown as DynamoDBClient, tableNames });
  await store.append(commit, { ...head, snapshot: { evolve: certificateDecider.evolveVersion, state } });
  return put.find(({ item }) => (item as { S: string }).S === 'head')!;
}

async function fill(client: DynamoDBClient, tableNames: TableNames, certificates: number): Promise<void> {
  const batches = Array.from({ length: certificates / BATCH }, (_, batch) => batch * BATCH);
  await inLanes(batches, async (first) => {
    const rows = await Promise.all(
      Array.from({ length: BATCH }, (_, index) => headRow(tableNames, first + index, certificates)),
    );
    const writes = rows.map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [tableNames.ledger]: writes as never } }));
  });
}

/** Fills a ledger with certificates, of which {@link DUE} are due, scans it once, and answers what the scan read. */
export async function readsOfScan(client: DynamoDBClient, certificates: number): Promise<Reads> {
  const tableNames = await makeTables(client, ['ledger']);
  try {
    await fill(client, tableNames, certificates);
    const reads: Reads = { queries: 0, gets: 0, rows: 0 };
    const counting = {
      async send(command: { constructor: { name: string } }) {
        const answer = (await client.send(command as never)) as { ScannedCount?: number; Item?: unknown };
        if (command.constructor.name === 'QueryCommand') reads.queries++;
        if (command.constructor.name === 'GetItemCommand') reads.gets++;
        reads.rows += answer.ScannedCount ?? (answer.Item ? 1 : 0);
        return answer;
      },
    };
    const store = dynamodbEventStore({ client: counting as unknown as DynamoDBClient, tableNames });
    const clock = { now: () => START };
    const log = { info() {}, warn() {}, error: console.error };
    const ledger = new Ledger(store, clock, systemIds);
    const services = { store, ledger, clock, ids: systemIds, log } as unknown as Services;
    const unbound = { perSecond: Number.POSITIVE_INFINITY, turns: { take: async () => 0 } };
    const { due, failed } = await scan(services, unbound);
    const { state } = await ledger.load(certificateDecider, streamOf(0));
    const renewing = state.status === 'live' && state.issuing?.reason === 'Expiring';
    if (due !== DUE || failed > 0 || !renewing) throw new Error(`the scan did ${due}, and ${failed} failed`);
    return reads;
  } finally {
    await removeTables(client, tableNames);
  }
}
