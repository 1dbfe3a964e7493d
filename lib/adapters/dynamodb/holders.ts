import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Holders } from '../../ports/challengeTokens.ts';
import { expiresAfterMonth } from './expiry.ts';
import type { DynamoDbOptions } from './options.ts';
import { heldFor, patiently } from './patience.ts';

/**
 * Who needs which presented value, in DynamoDB: one row a value with the set of its holders, so that each change is one write and the rows' own
 * order says who was last.
 */
export function dynamodbHolders(options: DynamoDbOptions): Holders {
  const { client, tableNames, patience } = options;
  const TableName = tableNames.challenges;
  const keyOf = (value: string) => ({ id: { S: `holders#${value}` } });

  return {
    async hold(value, holder) {
      const update = () =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf(value),
            UpdateExpression: 'ADD #h :holder SET #e = :expires',
            ExpressionAttributeNames: { '#h': 'holders', '#e': 'expires' },
            ExpressionAttributeValues: {
              ':holder': { SS: [holder] },
              ':expires': { N: String(expiresAfterMonth(options)) },
            },
          }),
        );
      await patiently(update, patience);
    },

    async release(value, holder) {
      const update = () =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf(value),
            UpdateExpression: 'DELETE #h :holder',
            ExpressionAttributeNames: { '#h': 'holders' },
            ExpressionAttributeValues: { ':holder': { SS: [holder] } },
            ReturnValues: 'ALL_NEW',
          }),
        );
      // A set that loses its last member is gone.
      const { Attributes } = await patiently(update, patience);
      if (Attributes?.holders !== undefined) return false;
      await removeEmpty(value);
      return true;
    },
  };

  async function removeEmpty(value: string): Promise<void> {
    const remove = () =>
      client.send(
        new DeleteItemCommand({
          TableName,
          Key: keyOf(value),
          ConditionExpression: 'attribute_not_exists(#h)',
          ExpressionAttributeNames: { '#h': 'holders' },
        }),
      );
    // Or somebody holds it again.
    await heldFor(remove, patience);
  }
}
