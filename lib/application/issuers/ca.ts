import { certificateDecider } from '../../domain/certificate.decide.ts';
import { certificateStream, type LiveCertificate } from '../../domain/certificate.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Instant } from '../../domain/time.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import { CERTIFICATES } from '../projections.ts';
import { caRefOf } from '../references.ts';
import type { Services } from '../services.ts';
import { sealedSigner } from '../signers.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'views' | 'x509'>;

/** A CA that signs: its key, its certificate with the intermediates above it (PEM), and its root when known. */
export interface SigningCa {
  readonly signer: KeySigner;
  readonly certificate: string;
  readonly chain: string;
  readonly root: string;
  readonly notAfter: Instant;
}

/**
 * The CA that a `ca` issuer names: its owner's Certificate with this secretName. Shared issuers look among the shared certificates.
 * @throws Refusal `CaNotFound`, `CaNotIssued`, `CaNotCA`, `CaKeyMissing`
 */
export async function signingCa(services: Needs, owner: string, secretName: string): Promise<SigningCa> {
  const certificate = await findCertificate(services, owner, secretName);
  const { issued } = certificate;
  if (!issued) throw new Refusal('CaNotIssued', `the CA certificate with secretName ${secretName} is not issued yet`);
  if (!certificate.spec.isCA) {
    throw new Refusal('CaNotCA', `the certificate with secretName ${secretName} is not a CA`, {
      remedy: 'set isCA: true in its spec',
    });
  }
  const signer = issued.keyRef && (await sealedSigner(services, issued.keyRef, owner));
  const chain = await services.vault.open(issued.chainRef, owner);
  if (!signer || !chain)
    throw new Refusal('CaKeyMissing', `the key of the CA with secretName ${secretName} is not in the vault`);
  const root = await services.vault.open(caRefOf(issued.chainRef), owner);
  const pem = Buffer.from(chain).toString('utf8');
  const [leaf] = services.x509.readChain(pem);
  return {
    signer,
    certificate: leaf!.pem,
    chain: pem,
    root: root ? Buffer.from(root).toString('utf8') : pem,
    notAfter: issued.notAfter,
  };
}

async function findCertificate({ ledger, views }: Needs, owner: string, secretName: string): Promise<LiveCertificate> {
  const [row] = await views.list(CERTIFICATES, { owner, where: { secretName }, limit: 1 });
  const name = row?.doc.name;
  if (typeof name === 'string') {
    const { state } = await ledger.load(certificateDecider, certificateStream(owner, name));
    if (state.status === 'live' && state.spec.secretName === secretName) return state;
  }
  throw new Refusal('CaNotFound', `there is no Certificate with secretName ${secretName}`, {
    field: 'spec.ca.secretName',
    remedy: 'request a Certificate with isCA: true and this secretName, of the same owner as the issuer',
  });
}
