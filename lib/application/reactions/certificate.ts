import { accountDecider, accountStream } from '../../domain/account.ts';
import { certificateDecider } from '../../domain/certificate.decide.ts';
import {
  expiryNearAt,
  type LiveCertificate,
  leftDestinations,
  nextRenewal,
  owesDispatch,
} from '../../domain/certificate.ts';
import { deliveryDecider } from '../../domain/delivery.decide.ts';
import { deliveryStream } from '../../domain/delivery.ts';
import { type Destination, destinationKey } from '../../domain/destination.ts';
import { identifiersOf } from '../../domain/identifier.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import { issuanceStream, isUnissued } from '../../domain/issuance.ts';
import { issuerOwner } from '../../domain/issuer.ts';
import { issuerLabel } from '../../domain/issuerLabel.ts';
import { Refusal } from '../../domain/refusal.ts';
import { revocationsDueAt } from '../../domain/revocation.ts';
import type { IssuerRef } from '../../domain/spec.ts';
import { earliest, type Instant, plusSeconds, secondsBetween } from '../../domain/time.ts';
import { issuerFor } from '../issuers/standIn.ts';
import type { RenewalTurns } from '../renewalTurns.ts';
import type { Services } from '../services.ts';
import { purgeEnded, purgeKeys } from './purge.ts';
import { askRenewalInfo } from './renewalInfo.ts';
import { revokeOwed } from './revocation.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'x509' | 'acme' | 'caa' | 'limits' | 'clock' | 'ids' | 'log'>;

/**
 * Does what a certificate owes: starts its issuance, tells its deliveries, lets go of destinations, has it revoked, asks its CA when to renew it,
 * asks for its renewal, notes its near end.
 * @param turns renewals by time wait for theirs; absent: they need not
 * @returns seconds until it is worth another look, where the stream itself cannot say
 */
export async function pursueCertificate(
  services: Needs,
  stream: string,
  turns?: RenewalTurns,
): Promise<number | undefined> {
  const { ledger } = services;
  const { state } = await ledger.load(certificateDecider, stream);
  for (const { uid, withdraw, destinations, since } of state.releasing) {
    if (since > services.clock.now()) continue;
    for (const key of destinations) await release(services, stream, key, uid, !withdraw);
    await ledger.handle(certificateDecider, stream, { type: 'RecordReleased', uid }, meta(stream));
  }
  if (state.status !== 'live') {
    const left = await revokeOwed(services, stream, state);
    await purgeEnded(services, stream, left);
    return undefined;
  }
  if (owesDispatch(state) || (state.dispatched?.taken.length ?? 0) > 0) await dispatch(services, stream, state);
  await noteExpiry(services, stream, state);
  // A replacement does not wait for what the CA says of the revocation.
  const issuanceLater = state.issuing && (await startIssuance(services, stream, state));
  const revoked = await revokeOwed(services, stream, state);
  const purgeLater = await purgeEnded(services, stream, revoked);
  if (revoked.status !== 'live') return undefined;
  const keysLater = await purgeKeys(services, stream, revoked);
  const owedLater = revocationsDueAt(revoked.revocations);
  const waitsForDestination = (state.dispatched?.taken.length ?? 0) > 0;
  if (revoked.issuing) {
    // The issuance has its own place in the index: nothing is to be started again before it is due there.
    const now = services.clock.now();
    if (waitsForDestination || !issuanceLater || issuanceLater <= now) return undefined;
    return pauseUntil(now, issuanceLater, expiryNearAt(revoked), owedLater, keysLater, purgeLater);
  }
  const asked = await askRenewalInfo(services, stream, revoked);
  const wait = await renewIfDue(services, stream, asked.state, turns);
  // Who waits for a destination asks for it again, as soon as ever.
  if (waitsForDestination) return undefined;
  return pauseUntil(
    services.clock.now(),
    wait,
    asked.checkAt,
    expiryNearAt(asked.state),
    owedLater,
    keysLater,
    purgeLater,
  );
}

/** Seconds until the earliest of the instants that are still to come. */
function pauseUntil(now: Instant, ...all: (Instant | undefined)[]): number | undefined {
  const next = earliest(...all.filter((at) => at !== undefined && at > now));
  return next === undefined ? undefined : secondsBetween(now, next);
}

/** Asks for the next revision when something asks for one now, and a turn is free. @returns when it is to be looked at again */
async function renewIfDue(
  { ledger, clock }: Needs,
  stream: string,
  state: LiveCertificate,
  turns: RenewalTurns | undefined,
): Promise<Instant | undefined> {
  const now = clock.now();
  const need = nextRenewal(state, now);
  if (!need || need.at > now) return need?.at;
  const { reason, atLatest } = need;
  if (turns && atLatest !== undefined && atLatest > now) {
    const seconds = await turns.take(issuerLabel(stream.split('/')[1]!, state.spec.issuerRef), stream, now);
    if (seconds > 0) return earliest(plusSeconds(now, seconds), atLatest);
  }
  const command = { type: 'Renew', afterRevision: state.issued!.revision, reason } as const;
  await ledger.handle(certificateDecider, stream, command, meta(stream));
  return undefined;
}

/** A destination is free: the certificate that has the former holder's name now, if it lives again, may be waiting for it. */
export async function offerDestination(services: Needs, delivery: string): Promise<void> {
  const { state } = await services.ledger.load(deliveryDecider, delivery);
  if (state.status === 'released' && state.desired)
    await pursueCertificate(services, `certificate/${state.desired.certificate}`);
}

async function noteExpiry({ ledger, clock }: Needs, stream: string, state: LiveCertificate): Promise<void> {
  const near = expiryNearAt(state);
  if (!near || near > clock.now()) return;
  const { revision } = state.issued!;
  await ledger.handle(certificateDecider, stream, { type: 'RecordExpiryNear', revision }, meta(stream));
}

const meta = (stream: string) => ({ actor: 'reaction', correlationId: stream });

/** Starts what is asked for, if it is not. @returns when the issuance is due, which pursues itself then; undefined when that is open */
async function startIssuance(services: Needs, stream: string, state: LiveCertificate): Promise<Instant | undefined> {
  const { revision, generation } = state.issuing!;
  const { uid, spec } = state;
  const issuer = await issuerFor(services, stream.split('/')[1]!, state);
  const command = {
    type: 'Start',
    certificate: stream.slice('certificate/'.length),
    uid,
    revision,
    generation,
    identifiers: identifiersOf(spec),
    issuer,
    ...(await replacedBy(services, stream, state, issuer)),
    ...(issuer !== spec.issuerRef && { insteadOf: spec.issuerRef }),
  } as const;
  const issuance = await services.ledger.handle(issuanceDecider, issuanceStream(uid, revision), command, meta(stream));
  return isUnissued(issuance.state) ? issuance.state.dueAt : undefined;
}

/** What the order is to name as replaced (RFC 9773 5): what the same account got, for the CA takes it from no other. */
async function replacedBy(
  { ledger }: Needs,
  stream: string,
  { issued }: LiveCertificate,
  issuer: IssuerRef,
): Promise<{ replaces?: string }> {
  const { certId, account } = issued?.acme ?? {};
  if (!certId) return {};
  const owner = issuerOwner(issuer, stream.split('/')[1]!);
  const { state } = await ledger.load(accountDecider, accountStream(`${owner}/${issuer.name}`));
  return state.registered?.url === account ? { replaces: certId } : {};
}

/** Gives every destination its desired revision, lets go of those that left the spec, and records that all of them know. */
async function dispatch(services: Needs, stream: string, state: LiveCertificate): Promise<void> {
  const { ledger } = services;
  const { issued, generation, spec, uid } = state;
  if (!issued) return;
  const taken: { destination: string; by: string }[] = [];
  for (const destination of spec.destinations) {
    const by = await request(services, stream, destination, state);
    if (by !== undefined) taken.push({ destination: destinationKey(destination), by });
  }
  for (const key of leftDestinations(state)) await release(services, stream, key, uid, true);
  const destinations = spec.destinations.map(destinationKey);
  const command = { type: 'RecordDeliveries', revision: issued.revision, generation, destinations, taken } as const;
  const { state: now } = await ledger.handle(certificateDecider, stream, command, meta(stream));
  // Whoever changed or deleted the certificate meanwhile could not know of the claims that were made just now.
  const named = now.status === 'live' && now.uid === uid ? now.spec.destinations.map(destinationKey) : [];
  for (const key of destinations.filter((one) => !named.includes(one))) await release(services, stream, key, uid, true);
}

/** Answers who holds the destination when it is not ours to have. */
async function request(
  { ledger }: Needs,
  stream: string,
  destination: Destination,
  { uid, issued, generation }: LiveCertificate,
): Promise<string | undefined> {
  const { revision, fingerprint } = issued!;
  const certificate = stream.slice('certificate/'.length);
  const command = { type: 'Request', destination, certificate, uid, revision, generation, fingerprint } as const;
  const delivery = deliveryStream(destinationKey(destination));
  try {
    await ledger.handle(deliveryDecider, delivery, command, meta(stream));
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'DestinationTaken') throw error;
    return (await ledger.load(deliveryDecider, delivery)).state.desired?.certificate ?? '';
  }
}

async function release({ ledger }: Needs, stream: string, key: string, uid: string, keep: boolean): Promise<void> {
  await ledger.handle(deliveryDecider, deliveryStream(key), { type: 'Withdraw', uid, keep }, meta(stream));
}
