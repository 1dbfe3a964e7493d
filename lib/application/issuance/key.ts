import { isKeyCompromised } from '../../domain/certificate.ts';
import type { IssuanceCommand } from '../../domain/issuance.decide.ts';
import { keyRefOf } from '../references.ts';
import type { Services } from '../services.ts';
import type { Run } from './run.ts';

type Needs = Pick<Services, 'vault' | 'x509' | 'caKeys'>;

/**
 * The CSR of this revision (DER). The private key is sealed in the vault, create-only, before any CSR leaves, so that a crash after finalize
 * loses no certificate. rotationPolicy Never takes the last revision's key, unless others know it. In CSR mode it is the requester's.
 */
export async function csrOf(
  services: Needs,
  run: Run,
): Promise<{ csr: Uint8Array; sealed: readonly IssuanceCommand[] }> {
  const { spec } = run.certificate;
  const { x509 } = services;
  if (spec.request) return { csr: (await x509.readCsr(spec.request)).der, sealed: [] };
  const { pem, sealed } = await sealedKey(services, run);
  return { csr: await x509.createCsr(spec, pem), sealed };
}

/**
 * The revision's private key (PKCS#8 PEM, or what names a CA's key elsewhere), made and sealed when it is not yet.
 * @returns `sealed`: what records the key, unless it is recorded; for the caller's next commit, before anything that was made with the key leaves
 */
export async function sealedKey(
  services: Needs,
  run: Run,
): Promise<{ pem: string; sealed: readonly IssuanceCommand[] }> {
  const { vault, x509 } = services;
  const { uid, revision } = run.issuance;
  const ref = run.issuance.key?.ref ?? keyRefOf(uid, revision);
  const known = run.issuance.key ? await vault.open(ref, run.team) : undefined;
  const bytes = known ?? (await vault.seal(ref, run.team, Buffer.from(await freshKey(services, run, ref))));
  const pem = Buffer.from(bytes).toString('utf8');
  if (run.issuance.key) return { pem, sealed: [] };
  const publicKeyHash = x509.publicKeyHash((await x509.signer(pem)).publicKey);
  return { pem, sealed: [{ type: 'RecordKey', keyRef: ref, publicKeyHash }] };
}

async function freshKey({ vault, x509, caKeys }: Needs, run: Run, ref: string): Promise<string> {
  const { spec, issued } = run.certificate;
  const kind = { algorithm: spec.privateKey.algorithm, size: spec.privateKey.size };
  if (spec.privateKey.rotationPolicy === 'Never' && issued?.keyRef && !isKeyCompromised(run.certificate)) {
    const last = await vault.open(issued.keyRef, run.team);
    const pem = last && Buffer.from(last).toString('utf8');
    const same = pem && (await x509.signer(pem)).kind;
    if (pem && same && same.algorithm === kind.algorithm && same.size === kind.size) return pem;
  }
  return spec.isCA && caKeys ? caKeys.make(ref, run.team, kind) : x509.generateKey(kind);
}
