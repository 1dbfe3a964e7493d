import { kmsKeyMaker } from '../../lib/adapters/kms/keyMaker.ts';
import type { KeyMaker } from '../../lib/ports/keyMaker.ts';
import { optional } from './environment.ts';
import { instance } from './instance.ts';
import { kms } from './kms.ts';

/** Makes the keys of new accounts, where the configuration has them in KMS. */
export const accountKeys: KeyMaker | undefined =
  optional('ACCOUNT_KEYS') === 'kms' ? kmsKeyMaker(kms, { instance, keyClass: 'account' }) : undefined;

/** Makes the keys of new CAs, where the configuration has them in KMS. */
export const caKeys: KeyMaker | undefined =
  optional('CA_KEYS') === 'kms' ? kmsKeyMaker(kms, { instance, keyClass: 'ca' }) : undefined;
