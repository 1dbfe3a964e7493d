import type { DynamoDbOptions } from './options.ts';

/** Longer than any order lives, and than a record of the ledger's stream waits for its turn, dead letters included. */
const MONTH = 30 * 86_400;

/** Whole seconds since 1970, as DynamoDB's time to live counts. */
export const nowOf = ({ now = Date.now }: Pick<DynamoDbOptions, 'now'>): number => Math.floor(now() / 1000);

/** From when on a row that is written now may be removed by itself. */
export const expiresAfterMonth = (options: Pick<DynamoDbOptions, 'now'>): number => nowOf(options) + MONTH;
