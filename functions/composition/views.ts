import { dynamodbViews } from '../../lib/adapters/dynamodb/views.ts';
import { dynamodb } from './dynamodb.ts';

export const views = dynamodbViews(dynamodb);
