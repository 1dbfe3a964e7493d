import { type CredentialState, credentialDecider, credentialStream } from '../domain/credential.ts';
import { sameJson } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Meta } from './ledger.ts';
import type { Services } from './services.ts';
import { policyFor } from './teamPolicy.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'ids'>;

/** A credential as answers show it: the names of its values. */
export function credentialView(owner: string, name: string, { kind, fields, sealedAt }: Shown) {
  return { owner, name, kind, fields: [...fields], ...(sealedAt && { sealedAt }) };
}
type Shown = Pick<CredentialState, 'kind' | 'fields' | 'sealedAt'>;

/** What is known of a credential, and its version. @throws Refusal `CredentialNotFound` */
export async function readCredential({ ledger }: Pick<Needs, 'ledger'>, owner: string, name: string) {
  const { state, version } = await ledger.load(credentialDecider, credentialStream(owner, name));
  if (!state.ref) throw credentialNotFound(name);
  return { version, view: credentialView(owner, name, state) };
}

/**
 * Seals a credential's values in the vault and lets the ledger know where. The values that it had are purged. Equal values change nothing.
 * @throws Refusal `TeamNotFound`; StaleVersion
 */
export async function putCredential(
  services: Needs,
  request: { readonly owner: string; readonly name: string; readonly data: Readonly<Record<string, string>> },
  meta: Meta,
  expected?: number,
) {
  const { ledger, vault, ids } = services;
  const { owner, name, data } = request;
  await policyFor(services, owner);
  const stream = credentialStream(owner, name);
  const before = (await ledger.load(credentialDecider, stream)).state;
  const ref = (await holds(services, owner, before, data)) ? before.ref! : `credential/${owner}/${name}/${ids.uuid()}`;
  if (ref !== before.ref) await vault.seal(ref, owner, Buffer.from(JSON.stringify(data)));
  const command = { type: 'RecordSealed', ref, kind: 'Opaque', fields: Object.keys(data).sort() } as const;
  const { state, version } = await ledger.handle(credentialDecider, stream, command, meta, expected);
  if (before.ref && before.ref !== ref) await vault.purge(before.ref);
  return { version, created: !before.ref, view: credentialView(owner, name, state) };
}

async function holds(
  { vault }: Needs,
  owner: string,
  { ref }: CredentialState,
  data: Readonly<Record<string, string>>,
): Promise<boolean> {
  const sealed = ref && (await vault.open(ref, owner));
  return Boolean(sealed) && sameJson(JSON.parse(Buffer.from(sealed as Uint8Array).toString('utf8')), data);
}

/** Deletes a credential and purges its values. @throws Refusal `CredentialNotFound`; StaleVersion */
export async function deleteCredential(
  { ledger, vault }: Omit<Needs, 'ids'>,
  owner: string,
  name: string,
  meta: Meta,
  expected?: number,
): Promise<void> {
  const stream = credentialStream(owner, name);
  const { state } = await ledger.load(credentialDecider, stream);
  if (!state.ref) throw credentialNotFound(name);
  await ledger.handle(credentialDecider, stream, { type: 'Delete' }, meta, expected);
  await vault.purge(state.ref);
}

const credentialNotFound = (name: string): Refusal =>
  new Refusal('CredentialNotFound', `there is no credential ${name}`, { remedy: 'look at the list of credentials' });
