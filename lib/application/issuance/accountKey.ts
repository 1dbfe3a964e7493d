import { createHash } from 'node:crypto';
import { type AccountState, accountDecider } from '../../domain/account.ts';
import { Refusal } from '../../domain/refusal.ts';
import { type AcmeAccount, type AcmeEndpoint, AcmeError } from '../../ports/acmeServer.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import type { Services } from '../services.ts';
import { sealedSigner } from '../signers.ts';

/** ES256 is what every CA takes (RFC 8555 6.2). */
const KIND = { algorithm: 'ECDSA', size: 256 } as const;

/**
 * Makes the key of an account, where the configuration has such keys made, unless it is there. Run twice, it is one key.
 * @returns the SHA-256 of its public half, in hex
 */
export async function makeAccountKey(
  services: Pick<Services, 'vault' | 'x509' | 'accountKeys'>,
  ref: string,
  owner: string,
): Promise<string> {
  const { vault, x509, accountKeys } = services;
  const key = accountKeys ? await accountKeys.make(ref, owner, KIND) : await x509.generateKey(KIND);
  await vault.seal(ref, owner, Buffer.from(key));
  const { publicKey } = await accountSigner(services, ref, owner);
  return createHash('sha256').update(publicKey).digest('hex');
}

/** @throws Refusal `AccountKeyMissing` */
export async function accountSigner(
  services: Pick<Services, 'vault' | 'x509'>,
  ref: string,
  owner: string,
): Promise<KeySigner> {
  const signer = await sealedSigner(services, ref, owner);
  if (!signer) throw new Refusal('AccountKeyMissing', `the account key ${ref} is not in the vault`);
  return signer;
}

/** Whose account, and where it is. */
export interface AccountPlace {
  readonly stream: string;
  readonly owner: string;
  readonly endpoint: AcmeEndpoint;
}

/**
 * Finds out which key the CA has, while it may have either: a change of keys was begun, and nobody knows how it ended.
 * @returns the account with the key that the CA has
 */
export async function settleKeyChange(
  services: Pick<Services, 'ledger' | 'vault' | 'x509' | 'acme'>,
  { stream, owner, endpoint }: AccountPlace,
  state: AccountState,
): Promise<AccountState> {
  const { keyChange, registered } = state;
  if (!keyChange?.next || !keyChange.dueAt || registered?.server !== endpoint.server) return state;
  const { ref } = keyChange.next;
  const next = await accountSigner(services, ref, owner);
  if (!(await has(services, endpoint, { url: registered.url, signer: next }))) return state;
  return recordKeyChanged(services, stream, ref);
}

/**
 * Asks the CA to take another key for the account (RFC 8555 7.3.5). One that has it already refuses what the former key signed: then it is asked
 * whose the new one is.
 * @throws AcmeError; of the action `keyChange`, the account has its former key
 */
export async function changeKey(
  services: Pick<Services, 'acme'>,
  endpoint: AcmeEndpoint,
  account: AcmeAccount,
  to: KeySigner,
): Promise<void> {
  try {
    await services.acme.changeKey(endpoint, account, to);
  } catch (error) {
    if (!(await has(services, endpoint, { url: account.url, signer: to }))) throw error;
  }
}

/** Whether the key is that of the account (RFC 8555 7.3.1). */
async function has(
  { acme }: Pick<Services, 'acme'>,
  endpoint: AcmeEndpoint,
  { url, signer }: AcmeAccount,
): Promise<boolean> {
  try {
    const asked = { contact: [], termsOfServiceAgreed: true, onlyReturnExisting: true };
    return (await acme.register(endpoint, signer, asked)).url === url;
  } catch (error) {
    if (error instanceof AcmeError && error.failure.problem.type === 'accountDoesNotExist') return false;
    throw error;
  }
}

/** @returns the account as it stands then */
export async function recordKeyChanged(
  { ledger }: Pick<Services, 'ledger'>,
  stream: string,
  keyRef: string,
): Promise<AccountState> {
  const command = { type: 'RecordKeyChanged', keyRef } as const;
  return (await ledger.handle(accountDecider, stream, command, { actor: 'issuer' })).state;
}
