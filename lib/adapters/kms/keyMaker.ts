import { createHash } from 'node:crypto';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  type KeySpec,
  type KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { Refusal } from '../../domain/refusal.ts';
import type { KeyKind } from '../../domain/spec.ts';
import type { KeyMaker } from '../../ports/keyMaker.ts';
import { KEY_KINDS } from './keySigner.ts';
import { aliasPrefix, CLASS_TAG, INSTANCE_TAG, type SigningKeyClass } from './policy.ts';
import { isKmsArn } from './x509.ts';

export interface KmsKeyMakerOptions {
  /** Marks what this installation made. */
  readonly instance: string;
  /** What the keys are for; a policy can tell them apart by it. */
  readonly keyClass: SigningKeyClass;
  /** Days that a retired key can be called back in, 7 to 30; 30 when absent. */
  readonly recoveryDays?: number;
}

/**
 * Makes asymmetric keys in KMS. CreateKey knows no token that would make a repeat harmless: the key's alias, which follows from its `ref`, says
 * which key it is. Of two that make one at the same time the second finds the alias taken, gives its own key up, and takes the first's. What a
 * crash between the key and its alias leaves behind is tagged with its `ref`, has no alias, and was never used.
 */
export function kmsKeyMaker(client: KMSClient, options: KmsKeyMakerOptions): KeyMaker {
  const { instance, keyClass, recoveryDays = 30 } = options;

  const known = async (alias: string): Promise<string | undefined> => {
    const found = await client.send(new DescribeKeyCommand({ KeyId: alias })).catch(orAbsent);
    return found?.KeyMetadata?.Arn;
  };
  const create = async (ref: string, owner: string, kind: KeyKind): Promise<string> => {
    const tags = {
      [INSTANCE_TAG]: instance,
      [CLASS_TAG]: keyClass,
      'chancery.dev/owner': owner,
      'chancery.dev/ref': ref,
    };
    const command = new CreateKeyCommand({
      KeySpec: specOf(kind),
      KeyUsage: 'SIGN_VERIFY',
      Description: `${instance}: ${ref}`,
      Tags: Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue: TagValue.slice(0, LONGEST_TAG) })),
    });
    return (await client.send(command)).KeyMetadata!.Arn!;
  };
  const retire = async (key: string, days: number): Promise<void> => {
    await client.send(new ScheduleKeyDeletionCommand({ KeyId: key, PendingWindowInDays: days })).catch(orGone);
  };

  return {
    async make(ref, owner, kind) {
      const alias = `${aliasPrefix(instance, keyClass)}${createHash('sha256').update(ref).digest('hex').slice(0, 32)}`;
      const before = await known(alias);
      if (before) return before;
      const made = await create(ref, owner, kind);
      try {
        await client.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: made }));
        return made;
      } catch (error) {
        await retire(made, SHORTEST);
        const first = isNamed(error, 'AlreadyExistsException') ? await known(alias) : undefined;
        if (first) return first;
        throw error;
      }
    },
    retire: async (key) => (isKmsArn(key) ? retire(key, recoveryDays) : undefined),
  };
}

/** Characters of a tag's value. A reference holds a team's and an issuer's name. */
const LONGEST_TAG = 256;

/** Days; of a key that signed nothing. */
const SHORTEST = 7;

function specOf({ algorithm, size }: KeyKind): KeySpec {
  const found = Object.entries(KEY_KINDS).find(([, kind]) => kind.algorithm === algorithm && kind.size === size);
  if (found) return found[0] as KeySpec;
  throw new Refusal('KeyKindNotKept', `KMS keeps no ${algorithm} ${size} keys here`, {
    field: 'spec.privateKey',
    remedy: 'use ECDSA 256, 384 or 521, or RSA 2048, 3072 or 4096',
  });
}

const isNamed = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof Error && names.includes(error.name);

function orAbsent(error: unknown): undefined {
  if (!isNamed(error, 'NotFoundException')) throw error;
}

/** A key that is on its way out, or gone, needs no second word. */
function orGone(error: unknown): undefined {
  if (!isNamed(error, 'NotFoundException', 'KMSInvalidStateException')) throw error;
}
