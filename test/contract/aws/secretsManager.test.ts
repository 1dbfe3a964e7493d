import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { secretsManagerClients } from '../../../lib/adapters/secretsManager/clients.ts';
import { secretsManagerDestinations } from '../../../lib/adapters/secretsManager/destinations.ts';
import type { Destination, SecretsManagerDestination } from '../../../lib/domain/destination.ts';
import type { Destinations, PushContext } from '../../../lib/ports/destinations.ts';
import { clientOf } from '../../support/aws.ts';
import { contentsMaker, type KeyedContents } from '../../support/certificates.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../../support/peers/ministack.ts';
import { confirmedBy, destinationsContract, type Shown } from '../destinations.ts';

const NAMES = { certificate: 'tls.crt', key: 'tls.key', ca: 'ca.crt' } as const;
type Part = keyof typeof NAMES;
const parts = Object.keys(NAMES) as Part[];

const nameOf = (at: Destination) => (at as SecretsManagerDestination).name;
const place = (): SecretsManagerDestination => ({ kind: 'secretsManager', name: `chancery/team/app-${randomUUID()}` });

function open(aws: Ministack): { destinations: Destinations; client: SecretsManagerClient } {
  const config = clientOf(aws);
  const sts = new STSClient(config);
  const client = secretsManagerClients({ config, sts, sessionName: 'chancery-here' });
  return { destinations: secretsManagerDestinations({ client }), client: client({}) };
}

async function secretValue(
  client: SecretsManagerClient,
  name: string,
  stage = 'AWSCURRENT',
): Promise<Record<string, string>> {
  const command = new GetSecretValueCommand({ SecretId: name, VersionStage: stage });
  return JSON.parse((await client.send(command)).SecretString!);
}

describeWith(['ministack'], 'AWS Secrets Manager', () => {
  destinationsContract('Secrets Manager', async () => {
    const aws = await startMinistack();
    const { destinations, client } = open(aws);
    const write = async (at: Destination, change: Partial<Record<Part, string | undefined>>, before: object = {}) => {
      const changed = parts.filter((part) => change[part] !== undefined).map((part) => [NAMES[part], change[part]]);
      return { name: nameOf(at), text: JSON.stringify({ ...before, ...Object.fromEntries(changed) }) };
    };
    const forceDelete = async (at: Destination) => {
      await client.send(new DeleteSecretCommand({ SecretId: nameOf(at), ForceDeleteWithoutRecovery: true }));
    };
    return {
      destinations,
      place,
      shown: async (at) => {
        const value = await secretValue(client, nameOf(at)).catch(() => undefined);
        if (!value) return undefined;
        return Object.fromEntries(
          parts.filter((part) => value[NAMES[part]]).map((part) => [part, value[NAMES[part]]]),
        ) as Shown;
      },
      occupy: async (at, contents) => {
        const { name, text } = await write(at, contents);
        await client.send(new CreateSecretCommand({ Name: name, SecretString: text }));
      },
      tamper: async (at, change) => {
        const { name, text } = await write(at, change, await secretValue(client, nameOf(at)));
        await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: text }));
      },
      free: forceDelete,
      remove: forceDelete,
      close: async () => {
        client.destroy();
        await aws.stop();
      },
    };
  });
});

describeWith(['ministack'], 'A secret of AWS Secrets Manager', () => {
  let aws: Ministack;
  let client: SecretsManagerClient;
  let destinations: Destinations;
  let first: KeyedContents;
  let second: KeyedContents;
  const context: PushContext = { instance: 'here', certificate: 'team/app' };
  const at = (revision: number, generation = 1): PushContext => ({
    ...context,
    desired: { uid: '0b5e1c2d', revision, generation },
  });

  beforeAll(async () => {
    aws = await startMinistack();
    ({ destinations, client } = open(aws));
    const maker = await contentsMaker();
    first = await maker.make();
    second = await maker.make();
  });
  afterAll(async () => {
    client?.destroy();
    await aws?.stop();
  });

  test('has the certificate, the key, the CA and both in one, and says whose it is', async () => {
    const to = place();
    const { objectUid } = confirmedBy(await destinations.push(to, first, at(1)));
    expect(await secretValue(client, to.name)).toEqual({
      'tls.crt': first.certificate,
      'tls.key': first.key,
      'ca.crt': first.ca,
      'tls-combined.pem': `${first.key.trimEnd()}\n${first.certificate}`,
    });
    const { ARN, Tags } = await client.send(new DescribeSecretCommand({ SecretId: to.name }));
    expect(objectUid).toBe(ARN);
    expect(Object.fromEntries(Tags!.map(({ Key, Value }) => [Key, Value]))).toEqual({
      'chancery.dev/instance': 'here',
      'chancery.dev/team': 'team',
      'chancery.dev/certificate': 'app',
    });
  });

  test('is put once a revision, and the revision before stays as AWSPREVIOUS', async () => {
    const to = place();
    confirmedBy(await destinations.push(to, first, at(1)));
    const renewed = confirmedBy(await destinations.push(to, second, at(2)));
    expect(await destinations.push(to, second, at(2))).toEqual(renewed);
    expect(await secretValue(client, to.name, 'AWSPREVIOUS')).toMatchObject({ 'tls.crt': first.certificate });
    const { Versions } = await client.send(
      new ListSecretVersionIdsCommand({ SecretId: to.name, IncludeDeprecated: true }),
    );
    expect(Versions).toHaveLength(2);
  });

  test('gets no new version for a spec that changes nothing in it', async () => {
    const to = place();
    confirmedBy(await destinations.push(to, first, at(1)));
    const before = confirmedBy(await destinations.push(to, second, at(2)));
    expect(await destinations.push(to, second, at(2, 2))).toEqual(before);
  });

  test('that was withdrawn can be restored for days; its name is refused until then', async () => {
    const to = place();
    confirmedBy(await destinations.push(to, first, at(1)));
    expect(await destinations.withdraw(to, context)).toEqual({ outcome: 'withdrawn' });
    const { DeletedDate } = await client.send(new DescribeSecretCommand({ SecretId: to.name }));
    expect(Math.round((DeletedDate!.getTime() - Date.now()) / 86_400_000)).toBe(7);
    expect(await destinations.observe(to, context)).toBeUndefined();
    expect(await destinations.push(to, second, at(2))).toMatchObject({
      outcome: 'refused',
      reason: 'ScheduledForDeletion',
      message: expect.stringContaining(DeletedDate!.toISOString().slice(0, 10)),
    });
  });

  test('over 64 KiB is refused before anything is written', async () => {
    const to = place();
    const large = { ...first, ca: 'x'.repeat(65_000) };
    expect(await destinations.push(to, large, at(1))).toMatchObject({ outcome: 'refused', reason: 'SecretTooLarge' });
    expect(await destinations.observe(to, context)).toBeUndefined();
  });

  test('in another region is another secret', async () => {
    const to = place();
    const elsewhere = { ...to, region: 'eu-west-1' };
    confirmedBy(await destinations.push(elsewhere, first, at(1)));
    expect(await destinations.observe(to, context)).toBeUndefined();
    expect(await destinations.observe(elsewhere, context)).toMatchObject({ fingerprint: first.fingerprint });
  });

  test('in another account is written by the role that the destination names', async () => {
    const to = { ...place(), roleArn: 'arn:aws:iam::222222222222:role/chancery' };
    const { objectUid } = confirmedBy(await destinations.push(to, first, at(1)));
    expect(objectUid).toContain(':222222222222:');
    expect(await destinations.observe({ kind: 'secretsManager', name: to.name }, context)).toBeUndefined();
  });
});
