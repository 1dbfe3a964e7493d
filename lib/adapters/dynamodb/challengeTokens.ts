import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ChallengeTokens } from '../../ports/challengeTokens.ts';
import { expiresAfterMonth, nowOf } from './expiry.ts';
import type { DynamoDbOptions } from './options.ts';
import { patiently } from './patience.ts';

/** DynamoDB's limit for a partition key is 2048 bytes. Anybody may ask for a token; no CA makes one of this length (RFC 8555 8.3). */
const LONGEST_TOKEN = 1024;

/** Presented HTTP-01 tokens in DynamoDB. Clean-up removes them; what it never came to remove ends after a month. */
export function dynamodbChallengeTokens(options: DynamoDbOptions): ChallengeTokens {
  const { client, tableNames, patience } = options;
  const TableName = tableNames.challenges;
  const keyOf = (token: string) => ({ id: { S: `token#${token}` } });

  return {
    async put(token, keyAuthorization) {
      const Item = {
        ...keyOf(token),
        keyAuthorization: { S: keyAuthorization },
        expires: { N: String(expiresAfterMonth(options)) },
      };
      await patiently(() => client.send(new PutItemCommand({ TableName, Item })), patience);
    },

    async find(token) {
      if (token.length > LONGEST_TOKEN) return undefined;
      // Consistent, because the CA may ask before an eventual read would know.
      const get = () => client.send(new GetItemCommand({ TableName, Key: keyOf(token), ConsistentRead: true }));
      const { Item } = await patiently(get, patience);
      // DynamoDB removes what has expired some time later, up to days.
      return Item && Number(Item.expires?.N) > nowOf(options) ? Item.keyAuthorization?.S : undefined;
    },

    async remove(token) {
      await patiently(() => client.send(new DeleteItemCommand({ TableName, Key: keyOf(token) })), patience);
    },
  };
}
