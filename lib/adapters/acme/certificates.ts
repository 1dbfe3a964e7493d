import { type AcmeAccount, AcmeError, type RenewalInfo, type Revoker } from '../../ports/acmeServer.ts';
import { alternateUrls, chainPem, topIssuer } from './chain.ts';
import { joseKey } from './jws.ts';
import { malformedAnswer } from './problems.ts';
import { renewalInfoOf } from './resources.ts';
import { type Answer, parsedJson, type Session } from './session.ts';

const PEM_CHAIN = 'application/pem-certificate-chain';

/**
 * Downloads a certificate (RFC 8555 7.4.2). With a preferred chain, the first of default and alternates whose last
 * certificate was issued by that common name, as cert-manager chooses; the default one when none is.
 */
export async function download(
  session: Session,
  account: AcmeAccount,
  url: string,
  preferredChain?: string,
): Promise<string> {
  const fetch = async (from: string): Promise<{ answer: Answer; chain: string }> => {
    const request = { signer: account.signer, header: { kid: account.url }, accept: PEM_CHAIN };
    const answer = await session.post({ action: 'certificate', url: from, ...request });
    return { answer, chain: session.read('certificate', answer, chainPem) };
  };
  const { answer, chain } = await fetch(url);
  if (preferredChain === undefined || topIssuer(chain) === preferredChain) return chain;
  for (const alternate of alternateUrls(answer.headers.link, url)) {
    const other = await fetch(alternate);
    if (topIssuer(other.chain) === preferredChain) return other.chain;
  }
  return chain;
}

/** Revokes by the account that ordered, or by the certificate's own key (RFC 8555 7.6): which of them shows in how the request is signed. */
export async function revoke(session: Session, by: Revoker, certificate: Uint8Array, reason?: number): Promise<void> {
  const { revokeCert } = await session.directory();
  if (revokeCert === undefined) throw new AcmeError('revokeCert', malformedAnswer('this CA offers no revokeCert'));
  const payload = {
    certificate: Buffer.from(certificate).toString('base64url'),
    ...(reason === undefined ? {} : { reason }),
  };
  const request = { action: 'revokeCert', url: revokeCert, ...signedBy(by) };
  try {
    await session.post({ ...request, payload, repeatable: true });
  } catch (error) {
    const before = error instanceof AcmeError && error.failure.problem.type === 'alreadyRevoked';
    if (!before) throw error;
  }
}

const signedBy = (by: Revoker) =>
  'certificateKey' in by
    ? { signer: by.certificateKey, header: { jwk: joseKey(by.certificateKey).jwk } }
    : { signer: by.signer, header: { kid: by.url } };

/** Renewal information (RFC 9773 4.1), unauthenticated. */
export async function renewalInfo(session: Session, id: string): Promise<RenewalInfo | undefined> {
  const { meta } = await session.directory();
  if (meta.renewalInfo === undefined) return undefined;
  const answer = await session.get('renewalInfo', `${meta.renewalInfo.replace(/\/$/, '')}/${id}`);
  return session.read('renewalInfo', answer, (body) => renewalInfoOf(parsedJson(body), answer));
}
