import { dynamodbLimitRows } from '../../lib/adapters/dynamodb/limitRows.ts';
import { dynamodb } from './dynamodb.ts';

export const limits = dynamodbLimitRows(dynamodb);
