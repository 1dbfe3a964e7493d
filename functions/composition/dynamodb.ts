import { dynamodbClient } from '../../lib/adapters/dynamodb/client.ts';
import type { DynamoDbOptions } from '../../lib/adapters/dynamodb/options.ts';
import { variable } from './environment.ts';

/** The client and the tables. Which of the tables a function may touch is its role's matter. */
export const dynamodb: DynamoDbOptions = {
  client: dynamodbClient(),
  tableNames: {
    ledger: variable('LEDGER_TABLE'),
    views: variable('VIEWS_TABLE'),
    sealed: variable('SEALED_TABLE'),
    challenges: variable('CHALLENGES_TABLE'),
  },
};
