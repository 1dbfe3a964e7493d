import { certificateDecider } from '../../domain/certificate.decide.ts';
import { certificateStream, type Issued, type LiveCertificate } from '../../domain/certificate.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Instant } from '../../domain/time.ts';
import type { KeySigner } from '../../ports/keySigner.ts';
import { openedOnce } from '../openedOnce.ts';
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
  const chains = await caChains(services.vault, `${owner} ${issued.chainRef}`, () =>
    openChains(services, owner, issued),
  );
  if (!signer || !chains)
    throw new Refusal('CaKeyMissing', `the key of the CA with secretName ${secretName} is not in the vault`);
  return { signer, ...chains, notAfter: issued.notAfter };
}

type CaChains = Pick<SigningCa, 'certificate' | 'chain' | 'root'>;

/** Every leaf needs those of its CA. */
const caChains = openedOnce<CaChains>(64);

async function openChains(
  { vault, x509 }: Needs,
  owner: string,
  { chainRef }: Pick<Issued, 'chainRef'>,
): Promise<CaChains | undefined> {
  const text = async (ref: string): Promise<string | undefined> => {
    const sealed = await vault.open(ref, owner);
    return sealed && Buffer.from(sealed).toString('utf8');
  };
  const chain = await text(chainRef);
  if (chain === undefined) return undefined;
  const root = await text(caRefOf(chainRef));
  return { certificate: x509.readChain(chain)[0]!.pem, chain, root: root ?? chain };
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
