import type { KMSClient } from '@aws-sdk/client-kms';
import { describe, expect, test } from 'vitest';
import { kmsKeyMaker } from '../../../lib/adapters/kms/keyMaker.ts';
import { scriptedClient, serviceError } from '../../support/aws.ts';

const arn = (id: string) => `arn:aws:kms:eu-central-1:111122223333:key/${id}`;
const found = (id: string) => ({ KeyMetadata: { Arn: arn(id) } });
const kind = { algorithm: 'RSA', size: 3072 } as const;

function open(...script: Parameters<typeof scriptedClient>[0]) {
  const { client, sent } = scriptedClient<KMSClient>(script);
  const maker = kmsKeyMaker(client, { instance: 'here', keyClass: 'ca' });
  return { sent, make: () => maker.make('key/u1/1', 'shop', kind), commands: () => sent.map(({ command }) => command) };
}

describe('a key that is made in KMS, by a scripted client', () => {
  test('bears our tags, and an alias that follows from its reference', async () => {
    const { sent, make } = open(serviceError('NotFoundException'), found('one'), {});
    expect(await make()).toBe(arn('one'));
    const [looked, made, named] = sent.map(({ input }) => input);
    expect(looked!.KeyId).toMatch(/^alias\/chancery-here\/ca\/[0-9a-f]{32}$/);
    expect(named).toEqual({ AliasName: looked!.KeyId, TargetKeyId: arn('one') });
    expect(made).toMatchObject({ KeySpec: 'RSA_3072', KeyUsage: 'SIGN_VERIFY' });
    const tags = (made!.Tags as { TagKey: string; TagValue: string }[]).map(({ TagKey, TagValue }) => [
      TagKey,
      TagValue,
    ]);
    expect(Object.fromEntries(tags)).toEqual({
      'chancery.dev/instance': 'here',
      'chancery.dev/class': 'ca',
      'chancery.dev/owner': 'shop',
      'chancery.dev/ref': 'key/u1/1',
    });
  });

  test('is the one that another run was first to name, and ours is given up', async () => {
    const taken = serviceError('AlreadyExistsException');
    const { sent, make } = open(serviceError('NotFoundException'), found('two'), taken, {}, found('one'));
    expect(await make()).toBe(arn('one'));
    expect(sent[3]).toMatchObject({
      command: 'ScheduleKeyDeletionCommand',
      input: { KeyId: arn('two'), PendingWindowInDays: 7 },
    });
  });

  test('that cannot be named is given up, and the cause is told', async () => {
    const denied = serviceError('AccessDeniedException');
    const { make, commands } = open(serviceError('NotFoundException'), found('two'), denied, {});
    await expect(make()).rejects.toBe(denied);
    expect(commands().at(-1)).toBe('ScheduleKeyDeletionCommand');
  });

  test('is not made where KMS does not say that it is missing', async () => {
    const { make, commands } = open(serviceError('ThrottlingException'));
    await expect(make()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(commands()).toEqual(['DescribeKeyCommand']);
  });
});
