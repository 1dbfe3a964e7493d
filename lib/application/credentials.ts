import { credentialDecider, credentialStream } from '../domain/credential.ts';
import { Refusal } from '../domain/refusal.ts';
import type { CredentialRef } from '../domain/spec.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'ledger' | 'vault'>;

/**
 * One field of a Credential, as text. It is looked up only within `owner`'s scope. A reference without `key` means the only field.
 * @throws Refusal `CredentialNotFound` or `CredentialFieldMissing`
 */
export async function openCredential(services: Needs, owner: string, ref: CredentialRef): Promise<string> {
  const { state } = await services.ledger.load(credentialDecider, credentialStream(owner, ref.name));
  const sealed = state.ref ? await services.vault.open(state.ref, owner) : undefined;
  if (!sealed) {
    throw new Refusal('CredentialNotFound', `there is no credential ${ref.name}`, {
      remedy: `put it: chancery credential put ${ref.name} --from-file <key>=<file>`,
    });
  }
  const fields = JSON.parse(Buffer.from(sealed).toString('utf8')) as Record<string, string>;
  const names = Object.keys(fields);
  const name = ref.key ?? (names.length === 1 ? names[0]! : '');
  if (Object.hasOwn(fields, name)) return fields[name]!;
  throw new Refusal('CredentialFieldMissing', `credential ${ref.name} has no field ${name || '(name it with key)'}`, {
    remedy: `its fields are: ${names.join(', ')}`,
  });
}
