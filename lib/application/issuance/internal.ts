import { durationSeconds } from '../../domain/duration.ts';
import type { IssuanceCommand } from '../../domain/issuance.decide.ts';
import { Refusal } from '../../domain/refusal.ts';
import { leafValidity } from '../../domain/validity.ts';
import { type SigningCa, signingCa } from '../issuers/ca.ts';
import { done, type Outcome } from '../outcome.ts';
import { caRefOf, chainRefOf } from '../references.ts';
import type { Services } from '../services.ts';
import { sealedKey } from './key.ts';
import { type Run, requireIssuer } from './run.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'views' | 'x509' | 'caKeys' | 'clock' | 'ids'>;

/** Bytes of a serial number: 128 random bits. */
const SERIAL_BYTES = 16;

/**
 * Signs with an internal CA or the certificate's own key. Serial and validity stand on the ledger before the signature; of two certificates
 * that a repeated step makes, the vault keeps the first and nobody sees the other. A later run takes a validity of its own time.
 * @param early a CA certificate that is not there may be on its way too
 * @returns undefined while the CA's own certificate is still on its way
 */
export async function signInternally(services: Needs, run: Run, early: boolean): Promise<Outcome | undefined> {
  const { uid, revision } = run.issuance;
  const chainRef = chainRefOf(uid, revision);
  if (await services.vault.open(chainRef, run.team)) return done;
  const { ca: caSpec } = requireIssuer(run).spec;
  const ca = caSpec && (await issuedCa(services, run.owner, caSpec.secretName, early));
  if (caSpec && !ca) return undefined;
  if (!ca && run.certificate.spec.request)
    throw new Refusal('KeyNotHeld', 'a selfSigned issuer signs with the certificate’s own key, which a CSR keeps away');
  const key = run.certificate.spec.request ? undefined : await sealedKey(services, run);
  await intend(services, run, ca, key?.sealed ?? []);
  const pem = await sign(services, run, ca, key?.pem);
  const root = await services.vault.seal(caRefOf(chainRef), run.team, Buffer.from(ca ? ca.root : pem));
  // A self-signed certificate is its own root: after a crash in between, the one that was sealed first is both.
  await services.vault.seal(chainRef, run.team, ca ? Buffer.from(pem + withoutRoot(services, ca)) : root);
  return done;
}

async function issuedCa(
  services: Needs,
  owner: string,
  secretName: string,
  early: boolean,
): Promise<SigningCa | undefined> {
  try {
    return await signingCa(services, owner, secretName);
  } catch (error) {
    const coming = error instanceof Refusal && (error.code === 'CaNotIssued' || (early && error.code === 'CaNotFound'));
    if (coming) return undefined;
    throw error;
  }
}

/** `sealed` records the key, if it is not recorded yet. */
async function intend(
  { clock, ids }: Needs,
  run: Run,
  ca: SigningCa | undefined,
  sealed: readonly IssuanceCommand[],
): Promise<void> {
  if (run.issuance.signing?.run === run.number) return;
  const duration = durationSeconds(run.certificate.spec.duration)!;
  const validity = leafValidity({ duration, now: clock.now(), issuerNotAfter: ca?.notAfter });
  const { notBefore, notAfter } = validity;
  const serial = ids.hex(SERIAL_BYTES);
  await run.record(...sealed, { type: 'IntendSigning', run: run.number, serial, notBefore, notAfter });
}

/** `key`: the certificate's own, as `x509.signer` reads it, unless the requester keeps it. */
async function sign({ x509 }: Needs, run: Run, ca: SigningCa | undefined, key: string | undefined): Promise<string> {
  const { spec } = run.certificate;
  const { serial, notBefore, notAfter } = run.issuance.signing!;
  const own = key === undefined ? undefined : await x509.signer(key);
  const csr = spec.request ? await x509.readCsr(spec.request) : undefined;
  const subject = own
    ? { publicKey: own.publicKey, keyKind: own.kind }
    : { publicKey: csr!.publicKey, keyKind: csr!.keyKind };
  const { commonName, subject: names, dnsNames, ipAddresses, uris, emailAddresses, usages, isCA } = spec;
  const request = {
    ...subject,
    commonName,
    subject: names,
    dnsNames,
    ipAddresses,
    uris,
    emailAddresses,
    usages,
    isCA,
    serial,
    notBefore,
    notAfter,
  };
  return x509.sign(request, ca ? { signer: ca.signer, certificate: ca.certificate } : { signer: own! });
}

/** Intermediates go with the leaf; a root does not (RFC 8446 4.4.2 lets a server leave it out). */
function withoutRoot({ x509 }: Needs, ca: SigningCa): string {
  return x509
    .readChain(ca.chain)
    .filter((certificate) => certificate.subjectDN !== certificate.issuerDN)
    .map((certificate) => certificate.pem)
    .join('');
}
