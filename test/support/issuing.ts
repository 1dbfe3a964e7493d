import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ledger } from '../../lib/application/ledger.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import type { DomainEvent } from '../../lib/domain/decider.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { type DeliveryState, deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { type IssuanceState, issuanceStream } from '../../lib/domain/issuance.ts';
import type { AcmeIssuerSpec, IssuerSpec, Solver } from '../../lib/domain/spec.ts';
import { instant } from '../../lib/domain/time.ts';
import { openssl } from './commands.ts';
import { eventually, loadCertificate } from './core.ts';
import type { NameServer } from './peers/dns.ts';
import { tempDir } from './temp.ts';

/** Name of the credential that holds the name server's TSIG secret, in field `secret`. */
export const TSIG = 'tsig';

/** A dns01 solver that changes this name server by RFC 2136, as a manifest would configure it. */
export const rfc2136 = (server: NameServer): Solver => ({
  dns01: {
    nameservers: [server.address],
    rfc2136: {
      nameserver: server.address,
      tsigKeyName: server.tsigName,
      tsigAlgorithm: 'HMACSHA256',
      tsigSecretSecretRef: { name: TSIG, key: 'secret' },
    },
  },
});

export const http01: Solver = { http01: { ingress: {} } };

/** An issuer at the CA of a Pebble or of a front before it. */
export const acmeIssuer = (
  { directoryUrl, caPem }: { readonly directoryUrl: string; readonly caPem: string },
  more: Partial<AcmeIssuerSpec> = {},
): IssuerSpec => ({
  acme: { server: directoryUrl, caBundle: caPem, profile: 'default', solvers: [http01], ...more },
});

/** The stream of the revision that the certificate waits for, or of the one that it has. */
export async function newestIssuance(services: Services, team: string, name: string): Promise<string> {
  const { uid, issuing, issued } = await loadCertificate(services, team, name);
  return issuanceStream(uid, (issuing ?? issued)!.revision);
}

/** That issuance as it stands. */
export async function issuanceOf({ ledger }: Services, stream: string): Promise<IssuanceState> {
  return (await ledger.load(issuanceDecider, stream)).state;
}

/** Waits until the certificate's newest issuance failed in a run after `after`. */
export async function failedIssuance(
  services: Services,
  team: string,
  name: string,
  after = 0,
): Promise<IssuanceState & { failure: NonNullable<IssuanceState['failure']> }> {
  return eventually(`${team}/${name} fails`, async () => {
    const certificate = await loadCertificate(services, team, name);
    if (!certificate.issuing) return false;
    const state = await issuanceOf(services, issuanceStream(certificate.uid, certificate.issuing.revision));
    const { failure } = state;
    return state.status === 'failed' && state.run > after && failure !== undefined && { ...state, failure };
  });
}

/** A destination's delivery as it stands. */
export async function deliveryOf({ ledger }: Services, to: Destination): Promise<DeliveryState> {
  return (await ledger.load(deliveryDecider, deliveryStream(destinationKey(to)))).state;
}

/** Waits until the delivery stands where `status` says, with a cause. */
export async function stuckDelivery(
  services: Services,
  to: Destination,
  status: 'failed' | 'refused',
  reason?: string,
): Promise<DeliveryState & { failure: NonNullable<DeliveryState['failure']> }> {
  return eventually(`${destinationKey(to)} is ${status}`, async () => {
    const state = await deliveryOf(services, to);
    const { failure } = state;
    const found = failure !== undefined && (reason === undefined || failure.reason === reason);
    return state.status === status && found && { ...state, failure };
  });
}

/** Begins the next run of what failed at once, as somebody who asks for it does. */
export async function again({ ledger }: Services, stream: string): Promise<void> {
  const meta = { actor: 'test' };
  if (stream.startsWith('delivery/')) {
    const { state } = await ledger.load(deliveryDecider, stream);
    await ledger.handle(deliveryDecider, stream, { type: 'BeginRun', after: state.run, force: true }, meta);
  } else {
    const { state } = await ledger.load(issuanceDecider, stream);
    await ledger.handle(issuanceDecider, stream, { type: 'BeginRun', after: state.run, force: true }, meta);
  }
}

/** The same for a destination's delivery. */
export const deliverAgain = (services: Services, to: Destination): Promise<void> =>
  again(services, deliveryStream(destinationKey(to)));

/** Asks for a new revision after `afterRevision`, as a person does. */
export async function renew({ ledger }: Services, team: string, name: string, afterRevision: number): Promise<void> {
  const command = { type: 'Renew', afterRevision, reason: 'Manual' } as const;
  await ledger.handle(certificateDecider, certificateStream(team, name), command, { actor: 'test' });
}

/** Every event of a stream, oldest first. */
export async function eventsOf({ store }: Pick<Services, 'store'>, stream: string): Promise<DomainEvent[]> {
  return (await store.commits(stream)).flatMap((commit) => [...commit.events]);
}

/** The chain of the issued revision, from the vault. */
export async function issuedChain(services: Services, team: string, name: string): Promise<string> {
  const { issued } = await loadCertificate(services, team, name);
  const chain = await services.vault.open(issued!.chainRef, team);
  return Buffer.from(chain!).toString('utf8');
}

/** Every certificate of a PEM text, in its order. */
export const certificatesOf = (pem: string): X509Certificate[] =>
  pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)!.map((one) => new X509Certificate(one));

/** What openssl says of a chain (leaf first) under a root: `<file>: OK`. Throws with its reason when it does not verify. */
export async function opensslVerify(chain: string, root: string): Promise<string> {
  const folder = tempDir('verify');
  const [leaf, untrusted, anchor] = ['leaf.pem', 'chain.pem', 'root.pem'].map((file) => join(folder, file));
  writeFileSync(leaf!, chain);
  writeFileSync(untrusted!, chain);
  writeFileSync(anchor!, root);
  const args = ['verify', '-no-CApath', '-no-CAstore', '-CAfile', anchor!, '-untrusted', untrusted!, leaf!];
  return (await openssl(args)).trim();
}

/** A clock that can be set ahead, and services whose ledger goes by it. */
export function movableClock(): { ahead(seconds: number): void; decorate(services: Services): Services } {
  let offset = 0;
  const clock = { now: () => instant(Date.now() + offset) };
  return {
    ahead: (seconds) => {
      offset += seconds * 1000;
    },
    decorate: (services) => ({ ...services, clock, ledger: new Ledger(services.store, clock, services.ids) }),
  };
}

/** SHA-256 of a certificate's public key, to see whether a key was kept. */
export const keyHash = (certificate: X509Certificate): string =>
  createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
