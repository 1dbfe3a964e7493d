import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Patience } from './patience.ts';
import type { TableNames } from './tables.ts';

/** What every adapter of this folder is made from. */
export interface DynamoDbOptions {
  readonly client: Pick<DynamoDBClient, 'send'>;
  readonly tableNames: TableNames;
  /** Milliseconds since 1970, for what expires; the machine's clock when absent. */
  readonly now?: () => number;
  /** How long to go on when DynamoDB asks for a slower pace; a few seconds when absent. */
  readonly patience?: Patience;
}
