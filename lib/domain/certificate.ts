import type { RenewalInformation } from './ari.ts';
import { type Evolver, unknownEvent } from './decider.ts';
import { destinationKey } from './destination.ts';
import type { Issued } from './issued.ts';
import type { FailureClass, Problem } from './problem.ts';
import { type Ended, endedBy, type KeptKeys, keysAfter, keysPurgeDueAt } from './purge.ts';
import {
  type IssueReason,
  isUnfit,
  type Need,
  nextNeed,
  type Replacement,
  specifiedRenewal,
  type UnfitReason,
} from './renewal.ts';
import {
  type Revocation,
  type RevocationDecision,
  type RevocationReason,
  revocationOf,
  revocationsDueAt,
  withChange,
  withDecision,
} from './revocation.ts';
import type { CertificateSpec } from './spec.ts';
import { earliest, type Instant, plusSeconds } from './time.ts';
import { nearExpiry } from './validity.ts';

export type { Issued } from './issued.ts';
export type { IssueReason } from './renewal.ts';

export type CertificateEvent =
  /** `revision` is present when the spec asks for a new issuance. */
  | {
      readonly type: 'CertificateRequested';
      readonly uid: string;
      readonly generation: number;
      readonly revision?: number;
      readonly reason?: IssueReason;
      readonly spec: CertificateSpec;
      readonly policyVersion: number;
    }
  | { readonly type: 'RenewalRequested'; readonly revision: number; readonly reason: IssueReason }
  | ({ readonly type: 'CertificateIssued'; readonly renewAt: Instant } & Issued)
  /** The CA suggests another window than before; `renewAt` is the instant drawn from it (RFC 9773). */
  | ({ readonly type: 'RenewalInformationRead' } & RenewalInformation)
  /** The revision is to be replaced, from `at` on. */
  | ({ readonly type: 'ReplacementScheduled'; readonly revision: number } & Replacement)
  /** The revision is to be revoked: stands before its CA is asked. */
  | ({ readonly type: 'RevocationRequested' } & RevocationDecision)
  /** The CA did not take it, or could not be asked. Without `retryAt` it is given up. */
  | {
      readonly type: 'RevocationFailed';
      readonly revision: number;
      readonly class: FailureClass;
      readonly problem: Problem;
      readonly retryAt?: Instant;
    }
  | { readonly type: 'CertificateRevoked'; readonly revision: number; readonly reason: RevocationReason }
  | { readonly type: 'CertificateDiscarded'; readonly revision: number; readonly reason: string }
  /** The delivery streams know what they owe; `taken` lists destinations that another certificate holds. */
  | {
      readonly type: 'DeliveriesRequested';
      readonly revision: number;
      readonly generation: number;
      readonly destinations: readonly string[];
      readonly taken: readonly { readonly destination: string; readonly by: string }[];
    }
  /** It ends soon and has no successor yet. Once a revision. */
  | { readonly type: 'ExpiryNeared'; readonly revision: number; readonly notAfter: Instant }
  | { readonly type: 'KeyExported'; readonly revision: number; readonly exportId: string }
  /** Copies are withdrawn, and keys and chains purged, from `until` on; at once when it is absent. */
  | { readonly type: 'CertificateDeleted'; readonly uid: string; readonly withdraw: boolean; readonly until?: Instant }
  /** A deleted certificate's destinations are free again. */
  | { readonly type: 'DeliveriesReleased'; readonly uid: string }
  /** The vault holds the keys of no revision up to `through`. */
  | { readonly type: 'KeysPurged'; readonly through: number }
  /** The vault holds nothing of a life that ended. */
  | { readonly type: 'CertificatePurged'; readonly uid: string };

/** Destinations of a life that ended, still to be let go. */
export interface Releasing {
  readonly uid: string;
  readonly withdraw: boolean;
  readonly destinations: readonly string[];
  readonly since: Instant;
}

export interface Issuing {
  readonly revision: number;
  readonly generation: number;
  readonly reason: IssueReason;
  readonly since: Instant;
}

interface Named {
  readonly lastGeneration: number;
  readonly lastRevision: number;
  readonly releasing: readonly Releasing[];
  readonly lastDiscarded?: number;
  readonly lastExport?: string;
  /** Revisions that are to be revoked, or were and have not ended yet. */
  readonly revocations?: readonly Revocation[];
  readonly ended?: readonly Ended[];
}

export type NoCertificate = Named & { readonly status: 'absent' | 'deleted'; readonly uid?: string };

export type LiveCertificate = Named &
  KeptKeys & {
    readonly status: 'live';
    readonly uid: string;
    readonly generation: number;
    readonly spec: CertificateSpec;
    readonly policyVersion: number;
    readonly createdAt: Instant;
    readonly specAt: Instant;
    readonly issuing?: Issuing;
    readonly issued?: Issued;
    readonly issuedAt?: Instant;
    /** Of the issued revision. */
    readonly renewalInfo?: RenewalInformation;
    readonly replacements?: readonly Replacement[];
    /** The newest revision whose key is known to others. */
    readonly compromisedRevision?: number;
    /** The newest revision whose near end was recorded. */
    readonly nearedRevision?: number;
    readonly dispatched?: {
      readonly revision: number;
      readonly generation: number;
      readonly destinations: readonly string[];
      readonly taken: readonly { readonly destination: string; readonly by: string }[];
      readonly at: Instant;
    };
    /** Destinations of earlier specs that may have been claimed and are not let go of yet. */
    readonly former?: readonly string[];
  };

export type CertificateState = NoCertificate | LiveCertificate;

export const noCertificate: CertificateState = { status: 'absent', lastGeneration: 0, lastRevision: 0, releasing: [] };

/** Stream of a certificate, by what people name it. */
export const certificateStream = (team: string, name: string): string => `certificate/${team}/${name}`;

/** Seconds that the fast path has before the scan takes an obligation over. */
const GRACE = 60;
const TAKEN_AGAIN = 600;

/** When the next revision is asked for, and why; undefined while none is issued, and where nothing asks for one. */
export const nextRenewal = (state: LiveCertificate, now?: Instant): Need | undefined =>
  state.issued && nextNeed(state, now);

/** When that is, as it is known beforehand. */
export const renewAt = (state: LiveCertificate): Instant | undefined => nextRenewal(state)?.at;

/** Why what is issued is not to be used any more; undefined while it is well, and while none is issued. */
export function whyUnfit(state: LiveCertificate): UnfitReason | undefined {
  const { issued, issuing, replacements = [], revocations } = state;
  const reasons = [...(issuing ? [issuing] : []), ...replacements].map(({ reason }) => reason);
  const unfit = issued && reasons.find(isUnfit);
  if (unfit || !issued) return unfit;
  if (state.compromisedRevision === issued.revision) return 'KeyCompromised';
  return revocationOf(revocations, issued.revision)?.revokedAt ? 'Revoked' : undefined;
}

/** Whether no later revision may have the key of the issued one. */
export const isKeyCompromised = ({ issued, issuing, replacements, compromisedRevision }: LiveCertificate): boolean =>
  (issued !== undefined && compromisedRevision === issued.revision) ||
  [issuing, ...(replacements ?? [])].some((one) => one?.reason === 'KeyCompromised');

/** When the CA is asked next for its renewal information; undefined where nobody asks: nothing issued over ACME, or over, or not renewed. */
export function renewalInfoDueAt({ issued, issuedAt, renewalInfo, spec }: LiveCertificate): Instant | undefined {
  if (!issued?.acme?.certId || spec.renewal?.policy === 'Disabled') return undefined;
  const at = renewalInfo?.checkAt ?? plusSeconds(issuedAt!, GRACE);
  return at < issued.notAfter ? at : undefined;
}

/** When the near end of what is issued is to be recorded; undefined while none is issued, and once it was. */
export function expiryNearAt(state: LiveCertificate): Instant | undefined {
  const { issued, nearedRevision, spec } = state;
  if (!issued || nearedRevision === issued.revision) return undefined;
  return nearExpiry(issued.notBefore, issued.notAfter, specifiedRenewal(spec, issued));
}

/** Destinations that the spec no longer names and that may still be claimed for this certificate. */
export function leftDestinations({ dispatched, former, spec }: LiveCertificate): readonly string[] {
  const named = spec.destinations.map(destinationKey);
  return union(dispatched?.destinations, former).filter((key) => !named.includes(key));
}

const union = (...lists: (readonly string[] | undefined)[]): string[] => [
  ...new Set(lists.flatMap((list) => list ?? [])),
];

/** Whether the delivery streams do not yet know the newest revision and generation. */
export function owesDispatch(state: LiveCertificate): boolean {
  const { issued, dispatched, spec, generation } = state;
  if (!issued) return false;
  if (!dispatched) return spec.destinations.length > 0 || leftDestinations(state).length > 0;
  return dispatched.revision !== issued.revision || dispatched.generation !== generation;
}

/** What the certificate owes next: a start, a dispatch, a release, a revocation, its renewal, or word that it ends. */
export function certificateDueAt(state: CertificateState): Instant | undefined {
  const releasing = [
    ...state.releasing.map((r) => plusSeconds(r.since, GRACE)),
    ...(state.ended ?? []).map(({ purgeAt }) => plusSeconds(purgeAt, GRACE)),
    revocationsDueAt(state.revocations),
  ];
  if (state.status !== 'live') return earliest(...releasing);
  const { issuing, issuedAt, specAt, dispatched } = state;
  const dispatch = owesDispatch(state)
    ? plusSeconds(issuedAt && issuedAt > specAt ? issuedAt : specAt, GRACE)
    : dispatched && dispatched.taken.length > 0
      ? plusSeconds(dispatched.at, TAKEN_AGAIN)
      : undefined;
  const next = issuing ? [plusSeconds(issuing.since, GRACE)] : [renewAt(state), renewalInfoDueAt(state)];
  return earliest(...releasing, dispatch, ...next, expiryNearAt(state), keysPurgeDueAt(state));
}

export function evolveCertificate(state: CertificateState, event: CertificateEvent, at: Instant): CertificateState {
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
      return { ...live, replacements: [...others, { reason, at: from }] };
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
      const { dispatched, former, spec, lastGeneration, lastRevision, revocations } = asLive(state);
      const until = event.until ?? at;
      const destinations = union(dispatched?.destinations, former, spec.destinations.map(destinationKey));
      const left = { uid: event.uid, withdraw: event.withdraw, destinations, since: event.withdraw ? until : at };
      const releasing = destinations.length > 0 ? [...state.releasing, left] : state.releasing;
      const ended = [...(state.ended ?? []), endedBy(asLive(state), until)];
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
  const former = before?.issued && union(before.former, before.spec.destinations.map(destinationKey));
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

function asLive(state: CertificateState): LiveCertificate {
  if (state.status !== 'live') throw new Error('the stream holds an event of a certificate that is not live');
  return state;
}

/** How a certificate's stream is read. The rules that write it know cron and time zones, which steps that only read have no use for. */
export const certificateEvolver: Evolver<CertificateState, CertificateEvent> = {
  evolveVersion: 6,
  initialState: noCertificate,
  evolve: evolveCertificate,
};
