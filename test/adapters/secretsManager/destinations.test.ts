import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeAll, describe, expect, test } from 'vitest';
import { secretsManagerDestinations } from '../../../lib/adapters/secretsManager/destinations.ts';
import { secretsManagerPolicy } from '../../../lib/adapters/secretsManager/policy.ts';
import { RoleRefused } from '../../../lib/adapters/sts/assumedRole.ts';
import type { PushContext } from '../../../lib/ports/destinations.ts';
import { scriptedClient, serviceError } from '../../support/aws.ts';
import { contentsMaker, type KeyedContents, withoutKey } from '../../support/certificates.ts';

const to = { kind: 'secretsManager', name: 'chancery/team/app-0b5e1c2d' } as const;
const context: PushContext = {
  instance: 'here',
  certificate: 'team/app',
  desired: { uid: '0b5e1c2d', revision: 2, generation: 1 },
};
const ARN = `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${to.name}-AbCdEf`;

/** What DescribeSecret answers of a secret of ours. */
const described = (more: object = {}) => ({
  ARN,
  Name: to.name,
  Tags: [
    { Key: 'chancery.dev/instance', Value: 'here' },
    { Key: 'chancery.dev/team', Value: 'team' },
    { Key: 'chancery.dev/certificate', Value: 'app' },
  ],
  VersionIdsToStages: { 'version-before': ['AWSCURRENT'] },
  ...more,
});
const notFound = serviceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");

let contents: KeyedContents;
beforeAll(async () => {
  contents = await (await contentsMaker()).make();
});

function open(...script: Parameters<typeof scriptedClient>[0]) {
  const { client, sent } = scriptedClient<SecretsManagerClient>(script);
  return {
    destinations: secretsManagerDestinations({ client: () => client }),
    sent,
    commands: () => sent.map(({ command }) => command),
  };
}

type Input = { readonly SecretString: string; readonly ClientRequestToken: string };

describe('a push to Secrets Manager, by a scripted client', () => {
  test('whose answer was lost finds its own version, and confirms it without reading the value', async () => {
    let made: Input | undefined;
    const { destinations, commands } = open(
      notFound,
      (input: Input) => {
        made = input;
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      },
      () => described({ VersionIdsToStages: { [made!.ClientRequestToken]: ['AWSCURRENT'] } }),
    );
    expect(await destinations.push(to, contents, context)).toMatchObject({
      class: 'backoff',
      reason: 'AwsUnreachable',
    });
    expect(await destinations.push(to, contents, context)).toEqual({
      outcome: 'confirmed',
      objectUid: ARN,
      resourceVersion: made!.ClientRequestToken,
      fingerprint: contents.fingerprint,
    });
    expect(commands()).toEqual(['DescribeSecretCommand', 'CreateSecretCommand', 'DescribeSecretCommand']);
  });

  test('of a version that is there already makes it current: the service takes the put for a repeat', async () => {
    const { destinations, sent } = open(
      described(),
      { VersionId: 'version-before', SecretString: '{}' },
      ({ ClientRequestToken }: Input) => ({ ARN, VersionId: ClientRequestToken, VersionStages: ['AWSPREVIOUS'] }),
      { ARN },
    );
    const result = await destinations.push(to, contents, context);
    const { ClientRequestToken } = sent[2]!.input;
    expect(result).toMatchObject({ outcome: 'confirmed', resourceVersion: ClientRequestToken });
    expect(sent[3]).toEqual({
      command: 'UpdateSecretVersionStageCommand',
      input: {
        SecretId: ARN,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: ClientRequestToken,
        RemoveFromVersionId: 'version-before',
      },
    });
  });

  test('that another writer always overtakes is left to the next run', async () => {
    const exists = serviceError('ResourceExistsException');
    const { destinations, commands } = open(notFound, exists, notFound, exists, notFound, exists);
    expect(await destinations.push(to, contents, context)).toMatchObject({ outcome: 'failed', class: 'now' });
    expect(commands()).toHaveLength(6);
  });

  test('has a version id of the length that the service takes, with nothing of the key in it', async () => {
    const answer = { ARN, VersionId: 'v' };
    const { destinations, sent } = open(notFound, answer, notFound, answer, notFound, answer);
    await destinations.push(to, contents, context);
    await destinations.push(to, { ...contents, key: 'another key' }, context);
    await destinations.push(to, contents, { ...context, desired: { ...context.desired!, revision: 3 } });
    const ids = sent.filter((_, index) => index % 2).map(({ input }) => input.ClientRequestToken as string);
    expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test.each([
    ['ThrottlingException', 'Rate exceeded', { outcome: 'failed', class: 'atTime', retryAfter: 60 }],
    ['LimitExceededException', 'too many versions', { outcome: 'failed', class: 'atTime', reason: 'AwsQuotaReached' }],
    ['EncryptionFailure', 'key disabled', { outcome: 'refused', reason: 'AwsKeyUnusable' }],
    ['ExpiredTokenException', 'expired', { outcome: 'failed', class: 'now' }],
    ['UnrecognizedClientException', 'no such key', { outcome: 'refused', reason: 'AwsUnauthorized' }],
    ['InvalidParameterException', 'bad name', { outcome: 'refused', reason: 'AwsInvalid' }],
    [
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
      { outcome: 'refused', reason: 'ScheduledForDeletion' },
    ],
    [
      'AccessDeniedException',
      'User: arn:aws:sts::111122223333:assumed-role/secret-role/x is not authorized to perform: secretsmanager:PutSecretValue on resource: y',
      {
        outcome: 'refused',
        reason: 'AwsAccessDenied',
        message: `The service may not secretsmanager:PutSecretValue ${to.name}: grant it that action.`,
      },
    ],
  ])('%s is an answer, not an error', async (name, message, expected) => {
    const put = serviceError(name, message);
    const { destinations } = open(described(), { VersionId: 'version-before' }, put);
    expect(await destinations.push(to, contents, context)).toMatchObject(expected);
  });

  test('a fault of the service is tried again later, and one of our own is thrown', async () => {
    const fault = serviceError('InternalServiceError', 'oops', { $metadata: { httpStatusCode: 500 } });
    const { destinations } = open(fault, new TypeError('a bug'));
    expect(await destinations.push(to, contents, context)).toMatchObject({
      class: 'backoff',
      reason: 'AwsFailing',
    });
    await expect(destinations.push(to, contents, context)).rejects.toThrow('a bug');
  });

  test('a role that cannot be assumed is named, with what it must trust', async () => {
    const roleArn = 'arn:aws:iam::222222222222:role/chancery';
    const { client } = scriptedClient<SecretsManagerClient>([new RoleRefused('not authorized')]);
    const places: object[] = [];
    const destinations = secretsManagerDestinations({
      client: (place) => {
        places.push(place);
        return client;
      },
    });
    expect(await destinations.push({ ...to, roleArn }, contents, context)).toMatchObject({
      outcome: 'refused',
      reason: 'AwsRoleRefused',
      message: expect.stringContaining(roleArn),
    });
    // The team is the external id, so that no team can use a role that trusts us for another.
    expect(places).toEqual([{ roleArn, region: undefined, externalId: 'team/team' }]);
  });
});

test('in CSR mode the key that the requester keeps makes another version when the chain is renewed', async () => {
  const standing = (version: string) => ({ VersionId: version, SecretString: JSON.stringify({ 'tls.key': 'theirs' }) });
  const put = ({ ClientRequestToken }: Input) => ({
    ARN,
    VersionId: ClientRequestToken,
    VersionStages: ['AWSCURRENT'],
  });
  const { destinations, sent } = open(described(), standing('one'), put, described(), standing('two'), put);
  await destinations.push(to, withoutKey(contents), context);
  await destinations.push(to, withoutKey(contents), context);
  const puts = [sent[2]!, sent[5]!].map(({ input }) => input as unknown as Input);
  for (const { SecretString } of puts) {
    expect(JSON.parse(SecretString)).toEqual({
      'tls.crt': contents.certificate,
      'tls.key': 'theirs',
      'ca.crt': contents.ca,
    });
  }
  expect(puts[0]!.ClientRequestToken).not.toBe(puts[1]!.ClientRequestToken);
});

test('the value of a secret that is not ours need not be readable', async () => {
  const { destinations } = open(described({ Tags: [] }), serviceError('AccessDeniedException'));
  expect(await destinations.observe(to, context)).toEqual({
    objectUid: ARN,
    resourceVersion: 'version-before',
    ours: false,
  });
});

test.each([6, 31, 7.5])('a recovery window of %d days is refused when the service starts', (recoveryDays) => {
  const client = () => ({}) as SecretsManagerClient;
  expect(() => secretsManagerDestinations({ client, recoveryDays })).toThrow('from 7 to 30');
});

test('the policy lets nobody touch a secret without our mark, or delete one for good', () => {
  const policy = secretsManagerPolicy({ arns: ['arn:aws:secretsmanager:*:*:secret:chancery/*'], instance: 'here' });
  for (const { Action, Condition } of policy) {
    if (Action.join() === 'secretsmanager:DescribeSecret') continue;
    expect(Object.keys(Condition!.StringEquals!)[0]).toMatch(/^aws:(Resource|Request)Tag\/chancery\.dev\/instance$/);
  }
  expect(policy.find(({ Action }) => Action.includes('secretsmanager:DeleteSecret'))?.Condition).toMatchObject({
    BoolIfExists: { 'secretsmanager:ForceDeleteWithoutRecovery': ['false'] },
  });
  expect(policy.flatMap(({ Action }) => Action).join()).not.toContain('*');
});
