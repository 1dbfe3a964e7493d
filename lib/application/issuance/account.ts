import { accountDecider, accountStream } from '../../domain/account.ts';
import { sameJson } from '../../domain/json.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import type { AcmeAccount, AcmeEndpoint } from '../../ports/acmeServer.ts';
import { openCredential } from '../credentials.ts';
import { checkPause } from '../limits/buckets.ts';
import { reserveRegistration } from '../limits/reserve.ts';
import type { Services } from '../services.ts';
import { accountSigner, makeAccountKey, settleKeyChange } from './accountKey.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'acme' | 'x509' | 'accountKeys' | 'limits' | 'clock' | 'ids'>;

/** How to reach an issuer's CA. */
export const endpointOf = ({ server, caBundle, skipTLSVerify }: AcmeIssuerSpec): AcmeEndpoint => ({
  server,
  caBundle,
  skipTLSVerify,
});

/**
 * The issuer's account at its CA, to ask it by, registered when it is not yet: the key is sealed before the CA sees it, so that a crash in between finds
 * the same account again (RFC 8555 7.3.1). `issuer` is owner/name. `anew`: the CA says that it does not know the account.
 */
export async function acmeAccount(
  services: Needs,
  owner: string,
  name: string,
  spec: AcmeIssuerSpec,
  { anew = false } = {},
): Promise<AcmeAccount> {
  const { ledger, acme } = services;
  const stream = accountStream(`${owner}/${name}`);
  const meta = { actor: 'issuer' };
  const endpoint = endpointOf(spec);
  const loaded = (await ledger.load(accountDecider, stream)).state;
  let state = await settleKeyChange(services, { stream, owner, endpoint }, loaded);
  if (!state.key) {
    const keyRef = `account/${owner}/${name}`;
    const thumbprint = await makeAccountKey(services, keyRef, owner);
    ({ state } = await ledger.handle(accountDecider, stream, { type: 'RecordKey', keyRef, thumbprint }, meta));
  }
  const signer = await accountSigner(services, state.key!.ref, owner);
  const contact = spec.email ? [`mailto:${spec.email}`] : [];
  const known = state.registered;
  const asBefore = !anew && known?.server === spec.server;
  await checkPause(services, spec, asBefore ? known.url : undefined);
  if (asBefore && sameJson(known.contact, contact)) return { signer, url: known.url };
  const count = asBefore ? undefined : await reserveRegistration(services, stream, spec);
  const account = await acme.register(endpoint, signer, {
    contact,
    termsOfServiceAgreed: true,
    externalAccountBinding: await binding(services, owner, spec),
  });
  await count?.();
  const registered = { type: 'RecordRegistered', server: spec.server, accountUrl: account.url, contact } as const;
  await ledger.handle(accountDecider, stream, registered, meta);
  return { signer, url: account.url };
}

/** The EAB key is base64url text in the credential, as CAs hand it out (RFC 8555 7.3.4). */
async function binding(
  services: Needs,
  owner: string,
  spec: AcmeIssuerSpec,
): Promise<{ keyId: string; key: Uint8Array } | undefined> {
  const eab = spec.externalAccountBinding;
  if (!eab) return undefined;
  const key = Buffer.from(await openCredential(services, owner, eab.keySecretRef), 'base64url');
  return { keyId: eab.keyID, key };
}
