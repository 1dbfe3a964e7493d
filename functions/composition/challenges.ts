import { dynamodbChallengeTokens } from '../../lib/adapters/dynamodb/challengeTokens.ts';
import { dynamodbHolders } from '../../lib/adapters/dynamodb/holders.ts';
import { dynamodb } from './dynamodb.ts';

export const challengeTokens = dynamodbChallengeTokens(dynamodb);
export const holders = dynamodbHolders(dynamodb);
