import type { RenewalInformation } from './ari.ts';
import { GRACE } from './decider.ts';
import { destinationKey } from './destination.ts';
import type { Issued } from './issued.ts';
import type { FailureClass, Problem } from './problem.ts';
import { type Ended, type KeptKeys, keysPurgeDueAt } from './purge.ts';
import {
  expiryNear,
  type IssueReason,
  isUnfit,
  type Need,
  nextNeed,
  type PlannedReplacement,
  type Replacement,
  type UnfitReason,
} from './renewal.ts';
import {
  type Revocation,
  type RevocationDecision,
  type RevocationReason,
  revocationOf,
  revocationsDueAt,
} from './revocation.ts';
import type { CertificateSpec, RenewalSpec } from './spec.ts';
import { earliest, type Instant, plusSeconds } from './time.ts';

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
  /** The team's policy says other times now, or none, and the spec has none of its own. */
  | { readonly type: 'RenewalTimesSet'; readonly renewal?: RenewalSpec }
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
    readonly replacements?: readonly PlannedReplacement[];
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

/** Seconds until a destination that another certificate holds is asked for again. */
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
  return expiryNear(spec, issued);
}

/** Destinations that may be claimed for this certificate, by this spec or an earlier one. */
export const claimedDestinations = ({ dispatched, former }: LiveCertificate): readonly string[] => [
  ...new Set([...(dispatched?.destinations ?? []), ...(former ?? [])]),
];

/** Destinations that the spec no longer names and that may still be claimed for this certificate. */
export function leftDestinations(state: LiveCertificate): readonly string[] {
  const named = state.spec.destinations.map(destinationKey);
  return claimedDestinations(state).filter((key) => !named.includes(key));
}

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
