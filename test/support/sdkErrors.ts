import { GetItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { ChangeResourceRecordSetsCommand, ListHostedZonesCommand, Route53Client } from '@aws-sdk/client-route-53';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { dynamodbClient } from '../../lib/adapters/dynamodb/client.ts';

/** Calls of the SDK's clients, as a test bundles them. Each is made once, against `endpoint`. */
export function sdkCalls(endpoint: string): Readonly<Record<string, () => Promise<unknown>>> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const config = { endpoint, region: 'eu-central-1', credentials, maxAttempts: 1 };
  const [dynamodb, kms, route53, sts] = [
    dynamodbClient(config),
    new KMSClient(config),
    new Route53Client(config),
    new STSClient(config),
  ];
  return {
    getItem: () => dynamodb.send(new GetItemCommand({ TableName: 'table', Key: { id: { S: 'a' } } })),
    transact: () => dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [] })),
    sign: () => kms.send(new SignCommand({ KeyId: 'a', Message: Buffer.from('a'), SigningAlgorithm: 'ECDSA_SHA_256' })),
    change: () =>
      route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: 'Z1', ChangeBatch: { Changes: [] } })),
    zones: () => route53.send(new ListHostedZonesCommand({})),
    assume: () =>
      sts.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::111122223333:role/a', RoleSessionName: 'aa' })),
  };
}
