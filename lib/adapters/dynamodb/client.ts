import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/** Milliseconds. DynamoDB answers within tens of them; one that takes this long is lost, and asked again (patience.ts). */
const CONNECT = 1000;
const ANSWER = 3000;

/**
 * A client whose requests end in time and are tried once: what is tried again, and for how long, patience.ts decides. Connections are kept.
 * @param config region, credentials or endpoint where they do not come from the environment of the function
 */
export function dynamodbClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  const requestHandler = { connectionTimeout: CONNECT, requestTimeout: ANSWER, throwOnRequestTimeout: true };
  return new DynamoDBClient({ maxAttempts: 1, requestHandler, ...config });
}
