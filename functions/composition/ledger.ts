import { dynamodbEventStore } from '../../lib/adapters/dynamodb/eventStore.ts';
import { Ledger } from '../../lib/application/ledger.ts';
import { dynamodb } from './dynamodb.ts';
import { clock, ids } from './system.ts';

export const store = dynamodbEventStore(dynamodb);
export const ledger = new Ledger(store, clock, ids);
