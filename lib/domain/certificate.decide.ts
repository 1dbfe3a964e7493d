import {
  type CertificateEvent,
  type CertificateState,
  certificateDueAt,
  evolveCertificate,
  expiryNearAt,
  type Issued,
  type IssueReason,
  type LiveCertificate,
  noCertificate,
  specifiedRenewal,
} from './certificate.ts';
import type { Decider } from './decider.ts';
import { withUid } from './destination.ts';
import { sameJson } from './json.ts';
import { Refusal } from './refusal.ts';
import type { CertificateSpec } from './spec.ts';
import type { Instant } from './time.ts';

export type CertificateCommand =
  /** `uid` is taken when the name has no living certificate. */
  | { readonly type: 'Request'; readonly uid: string; readonly spec: CertificateSpec; readonly policyVersion: number }
  /** Asks for a new revision after `afterRevision`; an older or already answered one changes nothing. */
  | { readonly type: 'Renew'; readonly afterRevision: number; readonly reason: IssueReason }
  | { readonly type: 'RecordIssued'; readonly uid: string; readonly issued: Issued }
  | {
      readonly type: 'RecordDeliveries';
      readonly revision: number;
      readonly generation: number;
      readonly destinations: readonly string[];
      readonly taken: readonly { readonly destination: string; readonly by: string }[];
    }
  | { readonly type: 'RecordExpiryNear'; readonly revision: number }
  | { readonly type: 'RecordKeyExport'; readonly exportId: string }
  | { readonly type: 'Delete'; readonly withdraw: boolean }
  | { readonly type: 'RecordReleased'; readonly uid: string };

/** Members of a spec that a certificate carries; a change in any of them needs a new issuance. */
const ISSUED_MEMBERS = [
  'commonName',
  'subject',
  'dnsNames',
  'ipAddresses',
  'uris',
  'emailAddresses',
  'issuerRef',
  'duration',
  'usages',
  'isCA',
  'request',
] as const;

/** Whether a certificate issued for `before` does not satisfy `after`. */
export function needsIssuance(before: CertificateSpec, after: CertificateSpec): boolean {
  const { algorithm, size } = after.privateKey;
  if (before.privateKey.algorithm !== algorithm || before.privateKey.size !== size) return true;
  return ISSUED_MEMBERS.some((member) => !sameJson(before[member], after[member]));
}

function decideCertificate(
  command: CertificateCommand,
  state: CertificateState,
  now: Instant,
): readonly CertificateEvent[] {
  switch (command.type) {
    case 'Request':
      return request(command, state);
    case 'Renew':
      return renew(command, live(state));
    case 'RecordIssued':
      return recordIssued(command, state);
    case 'RecordDeliveries':
      return recordDeliveries(command, state);
    case 'RecordExpiryNear':
      return recordExpiryNear(command.revision, state, now);
    case 'RecordKeyExport': {
      const { issued, lastExport } = live(state);
      if (!issued?.keyRef) throw new Refusal('KeyNotHeld', 'there is no private key to export');
      const { exportId } = command;
      return exportId === lastExport ? [] : [{ type: 'KeyExported', revision: issued.revision, exportId }];
    }
    case 'Delete':
      if (state.status !== 'live') return [];
      return [{ type: 'CertificateDeleted', uid: state.uid, withdraw: command.withdraw }];
    case 'RecordReleased':
      if (!state.releasing.some((r) => r.uid === command.uid)) return [];
      return [{ type: 'DeliveriesReleased', uid: command.uid }];
  }
}

function request(
  { uid: newUid, spec: asked, policyVersion }: Extract<CertificateCommand, { type: 'Request' }>,
  state: CertificateState,
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
  return [{ ...base, revision, reason: state.issued ? 'SpecChanged' : 'NeverIssued' }];
}

function renew(
  { afterRevision, reason }: Extract<CertificateCommand, { type: 'Renew' }>,
  state: LiveCertificate,
): readonly CertificateEvent[] {
  if (state.issuing || state.issued?.revision !== afterRevision) return [];
  return [{ type: 'RenewalRequested', revision: state.lastRevision + 1, reason }];
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
  return [{ type: 'CertificateIssued', ...issued, renewAt: specifiedRenewal(state.spec, issued) }];
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
  category: 'certificate',
  evolveVersion: 3,
  initialState: noCertificate,
  decide: decideCertificate,
  evolve: evolveCertificate,
  dueAt: certificateDueAt,
};
