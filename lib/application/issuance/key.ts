import { keyRefOf } from '../references.ts';
import type { Services } from '../services.ts';
import type { Run } from './run.ts';

type Needs = Pick<Services, 'vault' | 'x509'>;

/**
 * The CSR of this revision (DER). The private key is sealed in the vault, create-only, before any CSR leaves, so that a crash after finalize
 * loses no certificate. rotationPolicy Never takes the last revision's key. In CSR mode it is the requester's.
 */
export async function csrOf(services: Needs, run: Run): Promise<Uint8Array> {
  const { spec } = run.certificate;
  const { x509 } = services;
  if (spec.request) {
    const csr = await x509.readCsr(spec.request);
    return csr.der;
  }
  const key = await sealedKey(services, run);
  return x509.createCsr(spec, key);
}

/** The revision's private key (PKCS#8 PEM), made and sealed when it is not yet. */
export async function sealedKey({ vault, x509 }: Needs, run: Run): Promise<string> {
  const { uid, revision } = run.issuance;
  const ref = run.issuance.key?.ref ?? keyRefOf(uid, revision);
  const known = run.issuance.key ? await vault.open(ref, run.team) : undefined;
  const sealed = known ?? (await vault.seal(ref, run.team, Buffer.from(await freshKey({ vault, x509 }, run))));
  const pem = Buffer.from(sealed).toString('utf8');
  if (!run.issuance.key) {
    const publicKeyHash = x509.publicKeyHash((await x509.signer(pem)).publicKey);
    await run.record({ type: 'RecordKey', keyRef: ref, publicKeyHash });
  }
  return pem;
}

async function freshKey({ vault, x509 }: Needs, run: Run): Promise<string> {
  const { spec, issued } = run.certificate;
  const kind = { algorithm: spec.privateKey.algorithm, size: spec.privateKey.size };
  if (spec.privateKey.rotationPolicy === 'Never' && issued?.keyRef) {
    const last = await vault.open(issued.keyRef, run.team);
    const pem = last && Buffer.from(last).toString('utf8');
    const same = pem && (await x509.signer(pem)).kind;
    if (pem && same && same.algorithm === kind.algorithm && same.size === kind.size) return pem;
  }
  return x509.generateKey(kind);
}
