import type { STSClient } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { assumedRole, clientsByPlace } from '../../../lib/adapters/sts/assumedRole.ts';
import { scriptedClient, serviceError } from '../../support/aws.ts';

const roleArn = 'arn:aws:iam::222222222222:role/chancery';

test('a role gives the credentials that STS hands out, with their end', async () => {
  const Expiration = new Date();
  const Credentials = { AccessKeyId: 'id', SecretAccessKey: 'secret', SessionToken: 'token', Expiration };
  const { client, sent } = scriptedClient<STSClient>([{ Credentials }]);
  const provider = assumedRole(client, roleArn, { sessionName: 'chancery-here', externalId: 'payments' });
  expect(await provider()).toEqual({
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    expiration: Expiration,
  });
  expect(sent[0]!.input).toEqual({ RoleArn: roleArn, RoleSessionName: 'chancery-here', ExternalId: 'payments' });
});

test('a role that is refused is told apart from a call that is refused', async () => {
  const { client } = scriptedClient<STSClient>([serviceError('AccessDenied'), serviceError('Throttling')]);
  const provider = assumedRole(client, roleArn, { sessionName: 's' });
  await expect(provider()).rejects.toMatchObject({ name: 'RoleRefused' });
  await expect(provider()).rejects.toMatchObject({ name: 'Throttling' });
});

test('there is one client for each region, role and external id', () => {
  let made = 0;
  const clients = clientsByPlace(() => ++made);
  expect(clients({})).toBe(clients({ region: undefined }));
  expect([clients({ region: 'eu-west-1' }), clients({ roleArn }), clients({ roleArn, externalId: 'a' })]).toEqual([
    2, 3, 4,
  ]);
  expect(clients({ region: 'eu-west-1' })).toBe(2);
});
