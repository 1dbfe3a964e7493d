import { instantWithin, isWindow, type SuggestedWindow } from './ari.ts';
import { certificateEvolver } from './certificate.evolve.ts';
import {
  type RevocationCommand,
  recordRevocationFailure,
  recordRevoked,
  requestRevocation,
} from './certificate.revoke.ts';
import {
  type CertificateEvent,
  type CertificateState,
  certificateDueAt,
  expiryNearAt,
  type LiveCertificate,
} from './certificate.ts';
import type { Decider } from './decider.ts';
import { withUid } from './destination.ts';
import type { Issued } from './issued.ts';
import { sameJson } from './json.ts';
import { Refusal } from './refusal.ts';
import { type IssueReason, nextNeed, ownTime, type Replacement } from './renewal.ts';
import { type RevocationReason, revocationOf } from './revocation.ts';
import type { CertificateSpec, RenewalSpec } from './spec.ts';
import { needsIssuance } from './specChange.ts';
import { type Instant, plusSeconds } from './time.ts';

export type CertificateCommand =
  /** `uid` is taken when the name has no living certificate. */
  | { readonly type: 'Request'; readonly uid: string; readonly spec: CertificateSpec; readonly policyVersion: number }
  /** Asks for a new revision after `afterRevision`; an older or already answered one changes nothing. */
  | { readonly type: 'Renew'; readonly afterRevision: number; readonly reason: IssueReason }
  /** Gives up the revision that is being issued for a new one, for the same reason: another issuer stands in for the one that fails. */
  | { readonly type: 'LeaveIssuer'; readonly revision: number }
  /** What the CA suggests for the revision; the same again changes nothing. `random` in [0, 1) draws the instant. */
  | {
      readonly type: 'RecordRenewalInformation';
      readonly revision: number;
      readonly window: SuggestedWindow;
      readonly explanationURL?: string;
      readonly checkAt: Instant;
      readonly random: number;
    }
  /** Has the revision replaced from `at` on; an earlier time of the same reason stays. */
  | ({ readonly type: 'ScheduleReplacement'; readonly revision: number } & Replacement)
  | RevocationCommand
  | { readonly type: 'RecordIssued'; readonly uid: string; readonly issued: Issued }
  | {
      readonly type: 'RecordDeliveries';
      readonly revision: number;
      readonly generation: number;
      readonly destinations: readonly string[];
      readonly taken: readonly { readonly destination: string; readonly by: string }[];
    }
  /** What the team's policy says of times of renewal. */
  | { readonly type: 'FollowTeam'; readonly renewal?: RenewalSpec }
  | { readonly type: 'RecordExpiryNear'; readonly revision: number }
  | { readonly type: 'RecordKeyExport'; readonly exportId: string }
  /** `grace`: seconds before copies are withdrawn and keys purged; none when absent. `revoke`: at its CA, then. */
  | {
      readonly type: 'Delete';
      readonly withdraw: boolean;
      readonly grace?: number;
      readonly revoke?: RevocationReason;
    }
  | { readonly type: 'RecordReleased'; readonly uid: string }
  /** The keys of the live certificate's revisions up to `through` are purged. */
  | { readonly type: 'RecordKeysPurged'; readonly uid: string; readonly through: number }
  | { readonly type: 'RecordPurged'; readonly uid: string };

function decideCertificate(
  command: CertificateCommand,
  state: CertificateState,
  now: Instant,
): readonly CertificateEvent[] {
  switch (command.type) {
    case 'Request':
      return request(command, state, now);
    case 'Renew':
      return renew(command, live(state));
    case 'LeaveIssuer': {
      if (state.status !== 'live' || state.issuing?.revision !== command.revision) return [];
      return [{ type: 'RenewalRequested', revision: state.lastRevision + 1, reason: state.issuing.reason }];
    }
    case 'RecordRenewalInformation':
      return recordRenewalInformation(command, state);
    case 'ScheduleReplacement':
      return scheduleReplacement(command, live(state));
    case 'RequestRevocation':
      return requestRevocation(command, live(state), now);
    case 'RecordRevoked':
      return recordRevoked(command.revision, state, now);
    case 'RecordRevocationFailure':
      return recordRevocationFailure(command, state, now);
    case 'RecordIssued':
      return recordIssued(command, state);
    case 'RecordDeliveries':
      return recordDeliveries(command, state);
    case 'FollowTeam':
      return state.status === 'live' ? followTeam(command.renewal, state) : [];
    case 'RecordExpiryNear':
      return recordExpiryNear(command.revision, state, now);
    case 'RecordKeyExport': {
      const { issued, lastExport } = live(state);
      if (!issued?.keyRef) throw new Refusal('KeyNotHeld', 'there is no private key to export');
      const { exportId } = command;
      return exportId === lastExport ? [] : [{ type: 'KeyExported', revision: issued.revision, exportId }];
    }
    case 'Delete':
      return end(command, state, now);
    case 'RecordReleased':
      if (!state.releasing.some((r) => r.uid === command.uid)) return [];
      return [{ type: 'DeliveriesReleased', uid: command.uid }];
    case 'RecordKeysPurged': {
      const { uid, through } = command;
      if (state.status !== 'live' || state.uid !== uid || through <= (state.keysPurged ?? 0)) return [];
      return through < (state.previousRevision ?? 0) ? [{ type: 'KeysPurged', through }] : [];
    }
    case 'RecordPurged':
      return state.ended?.some(({ uid }) => uid === command.uid)
        ? [{ type: 'CertificatePurged', uid: command.uid }]
        : [];
  }
}

function end(
  { withdraw, grace = 0, revoke }: Extract<CertificateCommand, { type: 'Delete' }>,
  state: CertificateState,
  now: Instant,
): readonly CertificateEvent[] {
  if (state.status !== 'live') return [];
  const { uid, issued } = state;
  const until = grace > 0 ? plusSeconds(now, grace) : undefined;
  const deleted = { type: 'CertificateDeleted', uid, withdraw, ...(until && { until }) } as const;
  if (!revoke || !issued || issued.notAfter <= now || revocationOf(state.revocations, issued.revision))
    return [deleted];
  const { revision, serial, notAfter, chainRef, acme } = issued;
  const decision = { revision, serial, notAfter, chainRef, reason: revoke, replace: false } as const;
  const more = { ...(acme && { acme }), ...(until && { from: until }) };
  return [{ type: 'RevocationRequested', ...decision, ...more }, deleted];
}

function request(
  { uid: newUid, spec: asked, policyVersion }: Extract<CertificateCommand, { type: 'Request' }>,
  state: CertificateState,
  now: Instant,
): readonly CertificateEvent[] {
  const uid = state.status === 'live' ? state.uid : newUid;
  const spec = { ...asked, destinations: asked.destinations.map((destination) => withUid(destination, uid)) };
  const generation = state.lastGeneration + 1;
  const revision = state.lastRevision + 1;
  if (state.status !== 'live') {
    return [{ type: 'CertificateRequested', uid, generation, revision, reason: 'NeverIssued', spec, policyVersion }];
  }
  if (sameJson(state.spec, spec)) return [];
  const base = { type: 'CertificateRequested', uid, generation, spec, policyVersion } as const;
  if (!needsIssuance(state.spec, spec)) return [base];
  const { reason } = nextNeed({ ...state, spec, specAt: now, formerSpec: state.spec }, now)!;
  return [{ ...base, revision, reason }];
}

function renew(
  { afterRevision, reason }: Extract<CertificateCommand, { type: 'Renew' }>,
  state: LiveCertificate,
): readonly CertificateEvent[] {
  if (state.issuing || state.issued?.revision !== afterRevision) return [];
  return [{ type: 'RenewalRequested', revision: state.lastRevision + 1, reason }];
}

function recordRenewalInformation(
  command: Extract<CertificateCommand, { type: 'RecordRenewalInformation' }>,
  state: CertificateState,
): readonly CertificateEvent[] {
  const { revision, window, explanationURL, checkAt, random } = command;
  if (state.status !== 'live' || state.issued?.revision !== revision || !isWindow(window)) return [];
  const { renewalInfo: known } = state;
  const same = known && sameJson(known.window, window);
  if (same && known.explanationURL === explanationURL) return [];
  const renewAt = same ? known.renewAt : instantWithin(window, random);
  return [{ type: 'RenewalInformationRead', revision, window, renewAt, explanationURL, checkAt }];
}

function scheduleReplacement(
  { revision, reason, at }: Extract<CertificateCommand, { type: 'ScheduleReplacement' }>,
  { issued, replacements }: LiveCertificate,
): readonly CertificateEvent[] {
  if (issued?.revision !== revision) return [];
  if (replacements?.some((one) => one.reason === reason && one.at <= at)) return [];
  return [{ type: 'ReplacementScheduled', revision, reason, at }];
}

function recordIssued(
  { uid, issued }: Extract<CertificateCommand, { type: 'RecordIssued' }>,
  state: CertificateState,
): readonly CertificateEvent[] {
  const { revision } = issued;
  const discard = (reason: string): readonly CertificateEvent[] =>
    state.lastDiscarded === revision ? [] : [{ type: 'CertificateDiscarded', revision, reason }];
  if (state.status !== 'live' || state.uid !== uid) return discard('Deleted');
  if (state.issued?.revision === revision) return [];
  if (state.issuing?.revision !== revision) return discard('Superseded');
  return [{ type: 'CertificateIssued', ...issued, renewAt: ownTime(uid, state.spec, issued) }];
}

function recordDeliveries(
  command: Extract<CertificateCommand, { type: 'RecordDeliveries' }>,
  state: CertificateState,
): readonly CertificateEvent[] {
  if (state.status !== 'live') return [];
  const { revision, generation, destinations, taken } = command;
  const before = state.dispatched;
  const older = before && (before.revision > revision || before.generation > generation);
  if (older || !state.issued) return [];
  const same = before?.revision === revision && before.generation === generation;
  if (same && sameJson(before.destinations, destinations) && sameJson(before.taken, taken)) return [];
  return [{ type: 'DeliveriesRequested', revision, generation, destinations, taken }];
}

function followTeam(times: RenewalSpec | undefined, { spec }: LiveCertificate): readonly CertificateEvent[] {
  if (spec.renewal && spec.renewal.of !== 'team') return [];
  const renewal = ofTeam(times);
  return sameJson(spec.renewal, renewal) ? [] : [{ type: 'RenewalTimesSet', ...(renewal && { renewal }) }];
}

/** A policy's times, as a spec has them that says none itself. */
export const ofTeam = (times: RenewalSpec | undefined): RenewalSpec | undefined => times && { ...times, of: 'team' };

function recordExpiryNear(revision: number, state: CertificateState, now: Instant): readonly CertificateEvent[] {
  if (state.status !== 'live' || state.issued?.revision !== revision) return [];
  const near = expiryNearAt(state);
  if (!near || near > now) return [];
  return [{ type: 'ExpiryNeared', revision, notAfter: state.issued.notAfter }];
}

function live(state: CertificateState): LiveCertificate {
  if (state.status === 'live') return state;
  throw new Refusal('CertificateNotFound', 'there is no certificate of this name', {
    remedy: 'request it first, or look at the list of certificates',
  });
}

export const certificateDecider: Decider<CertificateCommand, CertificateState, CertificateEvent> = {
  ...certificateEvolver,
  category: 'certificate',
  decide: decideCertificate,
  dueAt: certificateDueAt,
};
