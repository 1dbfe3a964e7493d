import { accountDecider, nextKeyRef } from '../../domain/account.ts';
import { issuerDecider, issuerStream } from '../../domain/issuer.ts';
import { isOwnFault, Refusal } from '../../domain/refusal.ts';
import { AcmeError } from '../../ports/acmeServer.ts';
import { failureOf } from '../failureOf.ts';
import { acmeAccount, endpointOf } from '../issuance/account.ts';
import { accountSigner, changeKey, makeAccountKey, recordKeyChanged } from '../issuance/accountKey.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'acme' | 'x509' | 'accountKeys' | 'limits' | 'clock' | 'ids' | 'log'>;

/** Gives an account the other key that it is to have, when that is due. */
export async function pursueAccount(services: Needs, stream: string): Promise<void> {
  const { ledger, clock, ids, log } = services;
  const { keyChange } = (await ledger.load(accountDecider, stream)).state;
  if (!keyChange?.dueAt || keyChange.dueAt > clock.now()) return;
  try {
    await takeNextKey(services, stream);
  } catch (error) {
    if (isOwnFault(error)) throw error;
    const failure = failureOf(error);
    const { type, detail } = failure.problem;
    log.warn('the key of an account could not be changed', { stream, problem: type, detail });
    const { failures: after } = keyChange;
    const [final, random] = [isFinal(error), ids.random()];
    const command = { type: 'RecordKeyChangeFailure', after, failure, final, random } as const;
    await ledger.handle(accountDecider, stream, command, { actor: 'issuer', correlationId: stream });
  }
}

/** The key is made and on the ledger before the CA is asked, so that after a crash both are known. */
async function takeNextKey(services: Needs, stream: string): Promise<void> {
  const { ledger } = services;
  const [, owner, name] = stream.split('/') as [string, string, string];
  const { state: issuer } = await ledger.load(issuerDecider, issuerStream(owner, name));
  const acme = issuer.status === 'configured' ? issuer.spec.acme : undefined;
  if (!acme) throw new Refusal('IssuerNotFound', `there is no ACME issuer ${name} any more`);
  const account = await acmeAccount(services, owner, name, acme);
  const { state } = await ledger.load(accountDecider, stream);
  if (!state.keyChange) return;
  const keyRef = state.keyChange.next?.ref ?? nextKeyRef(`${owner}/${name}`, state);
  if (!state.keyChange.next) {
    const thumbprint = await makeAccountKey(services, keyRef, owner);
    const command = { type: 'PrepareKey', keyRef, thumbprint } as const;
    await ledger.handle(accountDecider, stream, command, { actor: 'issuer', correlationId: stream });
  }
  await changeKey(services, endpointOf(acme), account, await accountSigner(services, keyRef, owner));
  await recordKeyChanged(services, stream, keyRef);
}

/** Only what is certain ends it: that the CA refused, and has the former key; or that nobody needs the account. */
function isFinal(error: unknown): boolean {
  if (error instanceof AcmeError) return error.action === 'keyChange' && error.failure.class === 'configuration';
  return error instanceof Refusal && error.code === 'IssuerNotFound';
}
