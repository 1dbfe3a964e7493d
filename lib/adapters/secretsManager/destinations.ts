import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import type { Destination, SecretsManagerDestination } from '../../domain/destination.ts';
import { externalIdOf } from '../../domain/externalId.ts';
import type {
  Destinations,
  ObservedSecret,
  PushContext,
  PushResult,
  SecretContents,
} from '../../ports/destinations.ts';
import { failed, refused, type Unsuccessful } from '../pushResults.ts';
import type { AwsPlace } from '../sts/assumedRole.ts';
import { nameOf, outcomeOf, scheduledForDeletion } from './outcomes.ts';
import { CURRENT, currentValue, describe, type FoundSecret, tagsOf } from './secret.ts';
import {
  differingMembers,
  fingerprintOf,
  MAX_VALUE_BYTES,
  readValue,
  requestersKey,
  secretString,
  versionId,
} from './value.ts';

export interface SecretsManagerOptions {
  readonly client: (place: AwsPlace) => SecretsManagerClient;
  /** Days that a withdrawn secret can be restored in, 7 to 30; its name stays blocked as long. 7 when absent. */
  readonly recoveryDays?: number;
  /** KMS key of new secrets; AWS's own for Secrets Manager when absent. */
  readonly kmsKeyId?: string;
}

/** Reads and writes of a push that others interfere with; then it is left to the next run. */
const TRIES = 3;

/**
 * Secrets of AWS Secrets Manager: one a certificate, its value a JSON object of PEM texts, our mark in its tags. What was current before
 * stays as AWSPREVIOUS. A version's id follows from its contents, so a repeat makes no second version. Labels and annotations have no
 * place here. `objectUid` is the ARN, `resourceVersion` the current version's id.
 */
export function secretsManagerDestinations(options: SecretsManagerOptions): Destinations {
  const { recoveryDays = 7 } = options;
  if (!Number.isInteger(recoveryDays) || recoveryDays < 7 || recoveryDays > 30) {
    throw new RangeError(`recoveryDays must be a whole number from 7 to 30, and is ${recoveryDays}`);
  }
  const clientFor = ({ region, roleArn }: SecretsManagerDestination, { certificate }: PushContext) =>
    options.client({ region, roleArn, ...(roleArn && { externalId: externalIdOf(certificate.split('/')[0]!) }) });

  return {
    push: async (destination, contents, context) => {
      const to = secretsManagerOnly(destination);
      try {
        return await push({ client: clientFor(to, context), to, contents, context, kmsKeyId: options.kmsKeyId });
      } catch (error) {
        return outcomeOf(error, to);
      }
    },
    observe: async (destination, context, expected) => {
      const to = secretsManagerOnly(destination);
      return observe(clientFor(to, context), to, context, expected);
    },
    withdraw: async (destination, context) => {
      const to = secretsManagerOnly(destination);
      try {
        await withdraw(clientFor(to, context), to, context, recoveryDays);
        return { outcome: 'withdrawn' };
      } catch (error) {
        return outcomeOf(error, to);
      }
    },
  };
}

/** One push on its way. */
interface Push {
  readonly client: SecretsManagerClient;
  readonly to: SecretsManagerDestination;
  readonly contents: SecretContents;
  readonly context: PushContext;
  readonly kmsKeyId: string | undefined;
}

async function push(job: Push): Promise<PushResult> {
  const bytes = Buffer.byteLength(secretString(job.contents));
  if (bytes > MAX_VALUE_BYTES) return tooLarge(job.to, bytes);
  for (let left = TRIES; left > 0; left--) {
    const found = await describe(job.client, job.to.name);
    const result = found ? await replace(job, found) : await create(job);
    if (result !== 'stale') return result;
  }
  return failed('now', 'Conflict', `${nameOf(job.to)} changed while it was written.`);
}

async function create({ client, to, contents, context, kmsKeyId }: Push): Promise<PushResult | 'stale'> {
  const command = new CreateSecretCommand({
    Name: to.name,
    Description: `TLS certificate ${context.certificate}, kept by Chancery`,
    ClientRequestToken: versionId(contents, context),
    SecretString: secretString(contents),
    Tags: tagsOf(context),
    ...(kmsKeyId && { KmsKeyId: kmsKeyId }),
  });
  const made = await client.send(command).catch(orStale('ResourceExistsException'));
  return made === 'stale' ? made : confirmed(made.ARN!, made.VersionId!, contents);
}

async function replace(job: Push, found: FoundSecret): Promise<PushResult | 'stale'> {
  const { client, contents, context } = job;
  const objection = objectionTo(found, job);
  if (objection) return objection;
  if (found.certificate !== context.certificate) {
    await client.send(new TagResourceCommand({ SecretId: found.arn, Tags: tagsOf(context) }));
  }
  // A version never changes, and its id tells its contents; only a key that somebody keeps beside the chain is not in it.
  const wanted = versionId(contents, context);
  if (contents.key !== undefined && found.current === wanted) return confirmed(found.arn, wanted, contents);

  const current = await currentValue(client, found.arn);
  const theirKey = contents.key === undefined ? requestersKey(readValue(current?.text)) : undefined;
  const text = secretString(contents, theirKey);
  if (current?.text === text) return confirmed(found.arn, current.version, contents);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_VALUE_BYTES) return tooLarge(job.to, bytes);
  return put(job, found, text, theirKey === undefined ? wanted : versionId(contents, context, current?.version));
}

async function put(
  { client, to, contents }: Push,
  { arn, current }: FoundSecret,
  text: string,
  id: string,
): Promise<PushResult | 'stale'> {
  const command = new PutSecretValueCommand({ SecretId: arn, ClientRequestToken: id, SecretString: text });
  const answer = await client.send(command).catch(orStale('ResourceNotFoundException', 'ResourceExistsException'));
  if (answer === 'stale') return answer;
  // A version that was there before is taken for a repeat, and the service leaves its stages as they are.
  if (!answer.VersionStages?.includes(CURRENT) && current !== id) {
    const move = { SecretId: arn, VersionStage: CURRENT, MoveToVersionId: id, RemoveFromVersionId: current };
    const moved = await client
      .send(new UpdateSecretVersionStageCommand(move))
      .catch(orStale('InvalidParameterException', 'ResourceNotFoundException'));
    if (moved === 'stale') return moved;
  }
  if (answer.VersionId !== id)
    return refused('ChangedOnWrite', `${nameOf(to)} was stored as another version than sent.`);
  return confirmed(arn, id, contents);
}

function objectionTo(found: FoundSecret, { to, context }: Push): Unsuccessful | undefined {
  if (found.deletedAt) return scheduledForDeletion(to, found.deletedAt);
  if (found.instance === context.instance) return undefined;
  const owner = found.instance
    ? `the Chancery installation "${found.instance}" (certificate ${found.certificate})`
    : 'somebody else';
  return refused('NotOwned', `${nameOf(to)} belongs to ${owner}: choose another name, or delete it.`);
}

async function observe(
  client: SecretsManagerClient,
  to: SecretsManagerDestination,
  context: PushContext,
  expected?: SecretContents,
): Promise<ObservedSecret | undefined> {
  const found = await describe(client, to.name);
  if (!found || found.deletedAt) return undefined;
  const ours = found.instance === context.instance;
  const current = await currentValue(client, found.arn).catch((error: unknown) => {
    // The service may read the values of its own secrets, and need not of others.
    if (ours || !(error instanceof Error && error.name.startsWith('AccessDenied'))) throw error;
  });
  const value = readValue(current?.text);
  const fingerprint = fingerprintOf(value);
  return {
    objectUid: found.arn,
    resourceVersion: current?.version ?? found.current ?? '',
    ours,
    ...(fingerprint && { fingerprint }),
    ...(expected && { differing: differingMembers(value, expected) }),
  };
}

async function withdraw(
  client: SecretsManagerClient,
  to: SecretsManagerDestination,
  context: PushContext,
  recoveryDays: number,
): Promise<void> {
  const found = await describe(client, to.name);
  const holds = found?.instance === context.instance && found.certificate === context.certificate;
  if (!found || !holds || found.deletedAt) return;
  const command = new DeleteSecretCommand({ SecretId: found.arn, RecoveryWindowInDays: recoveryDays });
  await client.send(command).catch(orStale('ResourceNotFoundException'));
}

const confirmed = (arn: string, version: string, { fingerprint }: SecretContents): PushResult => ({
  outcome: 'confirmed',
  objectUid: arn,
  resourceVersion: version,
  fingerprint,
});

const tooLarge = (to: SecretsManagerDestination, bytes: number): Unsuccessful =>
  refused(
    'SecretTooLarge',
    `${nameOf(to)} would hold ${bytes} bytes; Secrets Manager takes ${MAX_VALUE_BYTES}: ask for fewer names.`,
  );

/** Another writer was first: what stands there now is read again. */
const orStale =
  (...names: readonly string[]) =>
  (error: unknown): 'stale' => {
    if (error instanceof Error && names.includes(error.name)) return 'stale';
    throw error;
  };

function secretsManagerOnly(to: Destination): SecretsManagerDestination {
  if (to.kind === 'secretsManager') return to;
  throw new TypeError(`not a destination in Secrets Manager: ${to.kind}`);
}
