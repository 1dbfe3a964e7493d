import {
  type CertificateEvent,
  type CertificateState,
  claimedDestinations,
  type LiveCertificate,
  noCertificate,
} from './certificate.ts';
import { type Evolver, unknownEvent } from './decider.ts';
import { destinationKey } from './destination.ts';
import { endedBy, keysAfter } from './purge.ts';
import { type Revocation, withChange, withDecision } from './revocation.ts';
import type { Instant } from './time.ts';

function evolveCertificate(state: CertificateState, event: CertificateEvent, at: Instant): CertificateState {
  switch (event.type) {
    case 'CertificateRequested':
      return evolveRequested(state, event, at);
    case 'RenewalRequested': {
      const live = asLive(state);
      const issuing = { revision: event.revision, generation: live.generation, reason: event.reason, since: at };
      return { ...live, lastRevision: event.revision, issuing };
    }
    case 'CertificateIssued': {
      const { type: _, renewAt: __, ...issued } = event;
      const done = { issuing: undefined, renewalInfo: undefined, replacements: undefined };
      const live = asLive(state);
      return { ...live, ...done, ...keysAfter(live, at), issued, issuedAt: at };
    }
    case 'RenewalInformationRead': {
      const { type: _, ...renewalInfo } = event;
      return { ...asLive(state), renewalInfo };
    }
    case 'ReplacementScheduled': {
      const { reason, at: from } = event;
      const live = asLive(state);
      const others = live.replacements?.filter((one) => one.reason !== reason) ?? [];
      return { ...live, replacements: [...others, { reason, at: from, since: at }] };
    }
    case 'RevocationRequested': {
      const { type: _, ...decision } = event;
      const revocations = withDecision(state.revocations, decision, at);
      const live = asLive(state);
      return { ...live, revocations, ...(event.compromised && { compromisedRevision: live.issued?.revision }) };
    }
    case 'RevocationFailed': {
      const { type: _, revision, ...failure } = event;
      const change = (one: Revocation): Revocation => ({ ...one, failure, failures: one.failures + 1 });
      return { ...state, revocations: withChange(state.revocations, revision, change) };
    }
    case 'CertificateRevoked': {
      const change = ({ failure: _, ...one }: Revocation): Revocation => ({ ...one, revokedAt: at });
      return { ...state, revocations: withChange(state.revocations, event.revision, change) };
    }
    case 'RenewalTimesSet': {
      const live = asLive(state);
      const { renewal: _, ...spec } = live.spec;
      return { ...live, spec: event.renewal ? { ...spec, renewal: event.renewal } : spec };
    }
    case 'CertificateDiscarded':
      return { ...state, lastDiscarded: event.revision };
    case 'ExpiryNeared':
      return { ...asLive(state), nearedRevision: event.revision };
    case 'KeyExported':
      return { ...state, lastExport: event.exportId };
    case 'DeliveriesRequested': {
      const { type: _, ...dispatched } = event;
      const live = asLive(state);
      const former = event.generation === live.generation ? undefined : live.former;
      return { ...live, dispatched: { ...dispatched, at }, former };
    }
    case 'CertificateDeleted': {
      const live = asLive(state);
      const { spec, lastGeneration, lastRevision, revocations } = live;
      const until = event.until ?? at;
      const destinations = union(claimedDestinations(live), spec.destinations.map(destinationKey));
      const left = { uid: event.uid, withdraw: event.withdraw, destinations, since: event.withdraw ? until : at };
      const releasing = destinations.length > 0 ? [...state.releasing, left] : state.releasing;
      const ended = [...(state.ended ?? []), endedBy(live, until)];
      return { status: 'deleted', uid: event.uid, lastGeneration, lastRevision, releasing, revocations, ended };
    }
    case 'DeliveriesReleased':
      return { ...state, releasing: state.releasing.filter((r) => r.uid !== event.uid) };
    case 'KeysPurged':
      return { ...asLive(state), keysPurged: event.through, keysOwedSince: undefined };
    case 'CertificatePurged':
      return { ...state, ended: state.ended?.filter((one) => one.uid !== event.uid) };
    default:
      return unknownEvent(event);
  }
}

function evolveRequested(
  state: CertificateState,
  event: Extract<CertificateEvent, { type: 'CertificateRequested' }>,
  at: Instant,
): LiveCertificate {
  const { uid, generation, revision, spec, policyVersion } = event;
  const before = state.status === 'live' ? state : undefined;
  const issuing = revision
    ? { revision, generation, reason: event.reason ?? 'NeverIssued', since: at }
    : before?.issuing;
  // Only what was issued can have been sent anywhere.
  const former = before?.issued && union(before.former ?? [], before.spec.destinations.map(destinationKey));
  return {
    ...before,
    status: 'live',
    uid,
    generation,
    spec,
    policyVersion,
    createdAt: before?.createdAt ?? at,
    specAt: at,
    issuing,
    former,
    lastGeneration: generation,
    lastRevision: revision ?? state.lastRevision,
    firstRevision: before?.firstRevision ?? revision ?? state.lastRevision + 1,
    // Whoever asks for the name again in time takes back what was to be done to the life before.
    releasing: state.releasing.map((one) => (one.since > at ? { ...one, withdraw: false, since: at } : one)),
    revocations: state.revocations?.filter(({ from }) => from === undefined || from <= at),
    ended: state.ended,
  };
}

const union = (some: readonly string[], others: readonly string[]): string[] => [...new Set([...some, ...others])];

function asLive(state: CertificateState): LiveCertificate {
  if (state.status !== 'live') throw new Error('the stream holds an event of a certificate that is not live');
  return state;
}

/** How a certificate's stream is read. The rules that write it know cron and time zones, which steps that only read have no use for. */
export const certificateEvolver: Evolver<CertificateState, CertificateEvent> = {
  evolveVersion: 7,
  initialState: noCertificate,
  evolve: evolveCertificate,
};
