import { accountDecider, accountStream } from '../../domain/account.ts';
import { caHost } from '../../domain/caLimits.ts';
import { certificateDecider } from '../../domain/certificate.decide.ts';
import type { CertificateState } from '../../domain/certificate.ts';
import type { IssuedByAcme } from '../../domain/issued.ts';
import { issuerDecider, issuerOwner, issuerStream } from '../../domain/issuer.ts';
import type { Failure } from '../../domain/problem.ts';
import { Refusal } from '../../domain/refusal.ts';
import { isRevocationOwed, REVOCATION_REASONS, type Revocation } from '../../domain/revocation.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import { AcmeError, type Revoker } from '../../ports/acmeServer.ts';
import { failureOf } from '../failureOf.ts';
import { endpointOf } from '../issuance/account.ts';
import { checkPause } from '../limits/buckets.ts';
import { learnLimit } from '../limits/learn.ts';
import { keyRefBeside } from '../references.ts';
import type { Services } from '../services.ts';
import { sealedSigner } from '../signers.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'x509' | 'acme' | 'limits' | 'clock' | 'ids' | 'log'>;

/**
 * Asks the CAs for the revocations that are due, and records what they say. A CA that was asked before a crash is asked again, and says that
 * it is done.
 * @returns the certificate as it stands then
 */
export async function revokeOwed(services: Needs, stream: string, state: CertificateState): Promise<CertificateState> {
  const { ledger, clock } = services;
  let current = state;
  for (const revocation of (state.revocations ?? []).filter((one) => isRevocationOwed(one, clock.now()))) {
    const { revision, failures } = revocation;
    const failure = await revoke(services, stream, revocation);
    const command = failure
      ? ({
          type: 'RecordRevocationFailure',
          revision,
          after: failures,
          failure,
          random: services.ids.random(),
        } as const)
      : ({ type: 'RecordRevoked', revision } as const);
    const meta = { actor: 'revocation', correlationId: stream };
    current = (await ledger.handle(certificateDecider, stream, command, meta)).state;
  }
  return current;
}

/** Where no CA tells anybody, there is nothing to ask. */
async function revoke(services: Needs, stream: string, revocation: Revocation): Promise<Failure | undefined> {
  const { acme, chainRef, reason, notAfter } = revocation;
  if (!acme) return undefined;
  const team = stream.split('/')[1]!;
  try {
    if (notAfter <= services.clock.now()) throw new Refusal('CertificateExpired', `it ended at ${notAfter}`);
    const { spec, by } = await whoMay(services, team, acme, chainRef);
    await checkPause(services, spec, acme.account);
    const certificate = await leafOf(services, chainRef, team);
    const asked = services.acme.revoke(endpointOf(spec), by, certificate, REVOCATION_REASONS[reason]);
    await asked.catch(learning(services, team, acme, spec));
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    const { type, detail } = failure.problem;
    services.log.warn('a certificate could not be revoked', { stream, problem: type, detail });
    return failure;
  }
}

/** What the CA says about its limits holds for others too. */
const learning =
  (services: Needs, team: string, { issuer }: IssuedByAcme, spec: AcmeIssuerSpec) =>
  async (error: unknown): Promise<never> => {
    const named = `${issuerOwner(issuer, team)}/${issuer.name}`;
    if (error instanceof AcmeError) await learnLimit(services, { spec, issuer: named }, error);
    throw error;
  };

/**
 * The account that ordered it; when the issuer has another since, whoever has the certificate's own key (RFC 8555 7.6), while the issuer is at
 * the same CA and the key is kept.
 */
async function whoMay(
  services: Needs,
  team: string,
  { issuer, account }: IssuedByAcme,
  chainRef: string,
): Promise<{ spec: AcmeIssuerSpec; by: Revoker }> {
  const { ledger } = services;
  const owner = issuerOwner(issuer, team);
  const { acme: spec } = (await ledger.load(issuerDecider, issuerStream(owner, issuer.name))).state.spec;
  if (!spec) throw new Refusal('IssuerNotFound', `there is no ACME ${issuer.kind} ${issuer.name} any more`);
  const { state } = await ledger.load(accountDecider, accountStream(`${owner}/${issuer.name}`));
  const signer = state.key && (await sealedSigner(services, state.key.ref, owner));
  if (signer && state.registered?.url === account && state.registered.server === spec.server) {
    return { spec, by: { signer, url: account } };
  }
  const changed = `${issuer.kind} ${issuer.name} has another account than when it was issued`;
  if (caHost(account) !== caHost(spec.server)) throw new Refusal('AccountChanged', `${changed}, at another CA`);
  const key = await services.vault.open(keyRefBeside(chainRef), team);
  if (!key) throw new Refusal('AccountChanged', `${changed}, and the certificate's own key is not here`);
  return { spec, by: { certificateKey: await services.x509.signer(Buffer.from(key).toString('utf8')) } };
}

/** The leaf of a sealed chain, DER. */
async function leafOf({ vault, x509 }: Needs, chainRef: string, team: string): Promise<Uint8Array> {
  const sealed = await vault.open(chainRef, team);
  if (!sealed) throw new Refusal('CertificateNotKept', 'the certificate is not in the vault any more');
  const { pem } = x509.readChain(Buffer.from(sealed).toString('utf8'))[0]!;
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}
