import { join } from 'node:path';
import type { Services } from '../lib/application/services.ts';
import { makeSharedOwner } from '../lib/application/sharedOwner.ts';
import { certificateDecider } from '../lib/domain/certificate.decide.ts';
import { type CertificateState, certificateStream } from '../lib/domain/certificate.ts';
import { parseIp } from '../lib/domain/ip.ts';
import { issuanceDecider } from '../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../lib/domain/issuance.ts';
import { issuerDecider, issuerStream, SHARED } from '../lib/domain/issuer.ts';
import { Refusal } from '../lib/domain/refusal.ts';
import type { CertificateSpec, IssuerSpec } from '../lib/domain/spec.ts';

/** Names of what the service makes for itself. */
export const SELF_SIGNED = 'chancery-selfsigned';
export const BUILT_IN_CA = 'chancery-ca';
export const OWN_CERTIFICATE = 'chancery-server';

const CA_DURATION = '87600h';
const CA_RENEW_BEFORE = '43800h';
const OWN_DURATION = '2160h';
const FIRST_ISSUANCE_MS = 30_000;

/** Where the service's own certificate goes in its data folder. */
export const ownDirectory = (folder: string): string => join(folder, 'tls');

/**
 * What the service needs of itself: the shared owner, a built-in CA that every team may use by policy, and its own HTTPS certificate, issued
 * through the same state machine as any other. Run at every start, when the engine runs; what is there already is left alone.
 * @param hosts names and addresses that clients call the service by
 */
export async function bootstrap({ ledger, ids }: Services, folder: string, hosts: readonly string[]): Promise<void> {
  const meta = { actor: 'bootstrap' };
  await makeSharedOwner({ ledger }, meta);
  const configure = (name: string, spec: IssuerSpec) =>
    ledger.handle(issuerDecider, issuerStream(SHARED, name), { type: 'Configure', spec }, meta);
  const request = (name: string, spec: CertificateSpec) => {
    const command = { type: 'Request', uid: ids.uuid(), spec, policyVersion: 1 } as const;
    return ledger.handle(certificateDecider, certificateStream(SHARED, name), command, meta);
  };
  await configure(SELF_SIGNED, { selfSigned: {} });
  await request(BUILT_IN_CA, caSpec());
  await issued(ledger, BUILT_IN_CA);
  await configure(BUILT_IN_CA, { ca: { secretName: BUILT_IN_CA } });
  await request(OWN_CERTIFICATE, ownSpec(ownDirectory(folder), hosts));
}

/** Waits until the certificate is there: nothing else can be issued before the CA. */
async function issued(ledger: Services['ledger'], name: string): Promise<void> {
  const until = performance.now() + FIRST_ISSUANCE_MS;
  for (;;) {
    const { state } = await ledger.load(certificateDecider, certificateStream(SHARED, name));
    if (state.status === 'live' && state.issued) return;
    if (performance.now() > until) throw await notIssued(ledger, name, state);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function notIssued(ledger: Services['ledger'], name: string, state: CertificateState): Promise<Refusal> {
  const stream = state.status === 'live' && state.issuing && issuanceStream(state.uid, state.issuing.revision);
  const failure = stream ? (await ledger.load(issuanceDecider, stream)).state.failure : undefined;
  const cause = failure ? `: ${failure.step} failed, ${failure.problem.detail}` : '';
  return new Refusal(
    'BuiltInCaNotIssued',
    `the built-in CA ${name} was not issued within ${FIRST_ISSUANCE_MS / 1000} s${cause}`,
    { remedy: 'end the cause and start again: what is unfinished is tried at once at a start' },
  );
}

const isIp = (host: string): boolean => parseIp(host) !== undefined;

const common = {
  uris: [],
  emailAddresses: [],
  privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
  usages: ['digital signature', 'key encipherment'],
} as const;

function caSpec(): CertificateSpec {
  return {
    ...common,
    commonName: 'Chancery built-in CA',
    dnsNames: [],
    ipAddresses: [],
    issuerRef: { name: SELF_SIGNED, kind: 'ClusterIssuer' },
    secretName: BUILT_IN_CA,
    duration: CA_DURATION,
    renewBefore: CA_RENEW_BEFORE,
    // Renewed under the same key, so that whoever trusts the CA's certificate need not change it at once.
    privateKey: { ...common.privateKey, rotationPolicy: 'Never' },
    isCA: true,
    destinations: [],
  };
}

function ownSpec(directory: string, hosts: readonly string[]): CertificateSpec {
  return {
    ...common,
    dnsNames: hosts.filter((host) => !isIp(host)),
    ipAddresses: hosts.filter(isIp),
    issuerRef: { name: BUILT_IN_CA, kind: 'ClusterIssuer' },
    secretName: OWN_CERTIFICATE,
    duration: OWN_DURATION,
    isCA: false,
    destinations: [{ kind: 'directory', path: directory }],
  };
}
