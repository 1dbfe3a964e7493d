import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DUE } from '../../../bench/scan/heads.ts';
import { clientOf } from '../../support/dynamodb.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../../support/peers/ministack.ts';
import { readsOfScan } from '../../support/scanReads.ts';

// `npm run bench:scan:aws` asks the same of ten thousand.
describeWith(['ministack'], `A scan on DynamoDB with ${DUE} certificates due`, () => {
  let ministack: Ministack;
  let client: DynamoDBClient;
  beforeAll(async () => {
    ministack = await startMinistack();
    client = clientOf(ministack);
  });
  afterAll(async () => {
    client?.destroy();
    await ministack?.stop();
  });

  test('reads as much of five times as many certificates', { timeout: 120_000 }, async () => {
    const [few, many] = [await readsOfScan(client, 400), await readsOfScan(client, 2000)];
    expect(many.rows).toBeLessThanOrEqual(few.rows * 1.5);
    expect(many.queries).toBeLessThanOrEqual(few.queries * 1.5);
    // Of the index, then a head to judge and one to append to; pages of the shards overlap.
    expect(many.rows).toBeLessThanOrEqual(DUE * 5);
    expect(many.gets).toBeLessThanOrEqual(DUE * 2 + 1);
  });
});
