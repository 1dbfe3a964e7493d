import { type AccountRequest, type AcmeAccount, AcmeError } from '../../ports/acmeServer.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import { externalAccountBinding, joseKey, signJws } from './jws.ts';
import { malformedAnswer } from './problems.ts';
import { MalformedAnswer, reader } from './reader.ts';
import { type Answer, parsedJson, type Session } from './session.ts';

/** The Location of a created resource (RFC 8555 7.3, 7.4). @throws MalformedAnswer */
export function locationOf(answer: Answer, base: string): string {
  const { location } = answer.headers;
  const url = location === undefined ? undefined : URL.parse(location, base);
  if (!location || !url) throw new MalformedAnswer('the answer has no Location');
  // As written where it is absolute: a `kid` is compared text by text.
  return URL.canParse(location) ? location : url.href;
}

/** newAccount (RFC 8555 7.3): 201 for a new account, 200 for the one that the key already has. */
export async function register(
  session: Session,
  signer: KeySigner,
  request: AccountRequest,
): Promise<{ url: string; status: string }> {
  const { newAccount, meta } = await session.directory();
  const { jwk } = joseKey(signer);
  const binding = request.externalAccountBinding;
  if (meta.externalAccountRequired && !binding && !request.onlyReturnExisting) {
    const detail = 'this CA wants an external account binding, and the issuer has none';
    throw new AcmeError('newAccount', { class: 'configuration', problem: { type: 'externalAccountRequired', detail } });
  }
  const answer = await session.post({
    action: 'newAccount',
    url: newAccount,
    signer,
    header: { jwk },
    repeatable: true,
    payload: {
      ...(request.onlyReturnExisting ? { onlyReturnExisting: true } : {}),
      ...(request.contact.length > 0 ? { contact: request.contact } : {}),
      termsOfServiceAgreed: request.termsOfServiceAgreed,
      ...(binding
        ? { externalAccountBinding: externalAccountBinding(binding.keyId, binding.key, jwk, newAccount) }
        : {}),
    },
  });
  return session.read('newAccount', answer, (body) => ({
    url: locationOf(answer, newAccount),
    status: reader('account', parsedJson(body)).string('status'),
  }));
}

/** keyChange (RFC 8555 7.3.5): an inner JWS by the new key, without nonce, inside one by the old key. */
export async function changeKey(session: Session, account: AcmeAccount, to: KeySigner): Promise<void> {
  const { keyChange } = await session.directory();
  if (keyChange === undefined) throw new AcmeError('keyChange', malformedAnswer('this CA offers no keyChange'));
  const oldKey = joseKey(account.signer).jwk;
  const inner = await signJws(to, { jwk: joseKey(to).jwk, url: keyChange }, { account: account.url, oldKey });
  await session.post({
    action: 'keyChange',
    url: keyChange,
    signer: account.signer,
    header: { kid: account.url },
    payload: inner,
  });
}

/** Account deactivation (RFC 8555 7.3.6). */
export async function deactivate(session: Session, account: AcmeAccount): Promise<void> {
  await session.post({
    action: 'deactivate',
    url: account.url,
    signer: account.signer,
    header: { kid: account.url },
    payload: { status: 'deactivated' },
    repeatable: true,
  });
}
