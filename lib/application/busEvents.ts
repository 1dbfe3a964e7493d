import { createHash } from 'node:crypto';
import type { CertificateEvent } from '../domain/certificate.ts';
import type { DomainEvent } from '../domain/decider.ts';
import type { DeliveryEvent, DesiredDelivery } from '../domain/delivery.ts';
import { destinationNameOfKey } from '../domain/destination.ts';
import type { IssuanceEvent } from '../domain/issuance.ts';
import type { Commit } from '../ports/eventStore.ts';
import { type Told, tellCertificate, tellDelivery, tellIssuance } from './publicEvents.ts';
import type { PublicEvent } from './schema/busEvent.ts';
import { upcast } from './upcast.ts';

type Common = 'schemaVersion' | 'id' | 'at' | 'team' | 'name' | 'uid';
type Each<E> = E extends PublicEvent ? Omit<E, Common> : never;
/** An event without what all events have. */
type Own = Each<PublicEvent>;

/** Whose event it is. */
interface Subject {
  /** team/name */
  readonly certificate: string;
  readonly uid: string;
}

/** What a commit tells, or `incomplete`: commits further back say whose it is. */
export type Announced = readonly PublicEvent[] | 'incomplete';

/** Event types of the ledger that may be told. All others need no look at their past. */
const PUBLIC: Readonly<Record<string, ReadonlySet<string>>> = {
  certificate: new Set([
    'CertificateRequested',
    'RenewalRequested',
    'CertificateIssued',
    'CertificateRevoked',
    'DeliveriesRequested',
    'ExpiryNeared',
  ]),
  issuance: new Set(['IssuanceFailed']),
  delivery: new Set(['DeliveryConfirmed', 'DeliveryRefused', 'DeliveryFailed', 'DriftDetected']),
};

/** Whether a commit may have anything to tell. */
export function mayTell({ stream, events }: Commit): boolean {
  const types = PUBLIC[stream.slice(0, stream.indexOf('/'))];
  return types !== undefined && events.some(({ type }) => types.has(type));
}

/**
 * What a commit tells to the world outside. The same commit tells the same events with the same ids.
 * @param earlier commits of the stream that stand immediately before it, in order
 * @param whole whether they reach back to the stream's first
 */
export function busEvents(commit: Commit, earlier: readonly Commit[], whole: boolean): Announced {
  if (!mayTell(commit)) return [];
  const past = earlier.flatMap(eventsOf);
  const category = commit.stream.slice(0, commit.stream.indexOf('/'));
  const told = TELLERS[category]!(commit, past, whole);
  if (told === 'incomplete') return told;
  return told.map(
    ({ index, part, subject, own }) => ({ ...common(commit, index, part, subject), ...own }) as PublicEvent,
  );
}

/** `index`: of the event in its commit; `part`: where one event tells several. */
interface Telling {
  readonly index: number;
  readonly part: number;
  readonly subject: Subject;
  readonly own: Own;
}
type Teller = (commit: Commit, past: readonly DomainEvent[], whole: boolean) => readonly Telling[] | 'incomplete';

const eventsOf = (commit: Commit): DomainEvent[] => commit.events.map(upcast);

function common({ stream, version, at }: Commit, index: number, part: number, { certificate, uid }: Subject) {
  const [team, name] = certificate.split('/') as [string, string];
  const id = createHash('sha256').update(`${stream}\n${version}\n${index}\n${part}`).digest('hex').slice(0, 32);
  return { schemaVersion: 1, id, at, team, name, uid } as const;
}

const TELLERS: Readonly<Record<string, Teller>> = {
  certificate: certificateTellings,
  issuance: issuanceTellings,
  delivery: deliveryTellings,
};

function certificateTellings(commit: Commit, past: readonly DomainEvent[]): readonly Telling[] | 'incomplete' {
  const certificate = commit.stream.slice('certificate/'.length);
  const known = [...past] as CertificateEvent[];
  const tellings: Telling[] = [];
  for (const [index, event] of (eventsOf(commit) as CertificateEvent[]).entries()) {
    known.push(event);
    const uid = known.findLast((one) => one.type === 'CertificateRequested')?.uid;
    if (uid === undefined) return 'incomplete';
    const owns = ownOfCertificate(event, known);
    if (owns === 'incomplete') return owns;
    tellings.push(...owns.map((own, part) => ({ index, part, subject: { certificate, uid }, own })));
  }
  return tellings;
}

function ownOfCertificate(event: CertificateEvent, known: readonly CertificateEvent[]): readonly Own[] | 'incomplete' {
  const told = tellCertificate(event);
  const message = told[0]?.message ?? '';
  switch (event.type) {
    case 'CertificateRequested': {
      const { revision, reason = 'NeverIssued' } = event;
      return revision ? [{ type: 'certificate.requested', message, revision, reason }] : [];
    }
    case 'RenewalRequested':
      return [{ type: 'certificate.requested', message, revision: event.revision, reason: event.reason }];
    case 'CertificateIssued': {
      const { revision, generation, serial, fingerprint, notBefore, notAfter, renewAt } = event;
      const facts = { revision, generation, serial, fingerprint, notBefore, notAfter, renewAt };
      const reason = reasonOf(revision, known);
      if (reason === undefined) return 'incomplete';
      if (reason === 'NeverIssued') return [{ type: 'certificate.issued', message, ...facts }];
      return [{ type: 'certificate.renewed', message, ...facts, reason }];
    }
    case 'DeliveriesRequested': {
      const { revision } = event;
      return told.map((one) => ({
        ...failed(one, 1),
        stage: 'delivery',
        revision,
        destination: one.destination!,
      }));
    }
    case 'CertificateRevoked': {
      const { revision, reason } = event;
      return [{ type: 'certificate.revoked', message, revision, reason }];
    }
    case 'ExpiryNeared':
      return [{ type: 'certificate.expiring', message, revision: event.revision, notAfter: event.notAfter }];
    default:
      return [];
  }
}

/** Why a revision was asked for: before the first is issued, whatever the spec, it is `NeverIssued`. */
function reasonOf(revision: number, known: readonly CertificateEvent[]): string | undefined {
  const asked = known.findLast(
    (one) => (one.type === 'CertificateRequested' || one.type === 'RenewalRequested') && one.revision === revision,
  ) as { readonly reason?: string } | undefined;
  return asked && (asked.reason ?? 'NeverIssued');
}

function failed({ message, cause, retryAt }: Told, failures: number) {
  return { type: 'certificate.failed', message, failures, cause: cause!, ...(retryAt && { retryAt }) } as const;
}

function issuanceTellings(
  commit: Commit,
  past: readonly DomainEvent[],
  whole: boolean,
): readonly Telling[] | 'incomplete' {
  const known = past as readonly IssuanceEvent[];
  const request = known.find((event) => event.type === 'IssuanceRequested');
  if (!whole || !request) return whole ? [] : 'incomplete';
  const { certificate, uid, revision } = request;
  let failures = known.filter(({ type }) => type === 'IssuanceFailed').length;
  return (eventsOf(commit) as IssuanceEvent[]).flatMap((event, index) => {
    if (event.type !== 'IssuanceFailed') return [];
    const [told] = tellIssuance(event, true);
    const own = { ...failed(told!, ++failures), stage: 'issuance', revision } as const;
    return [{ index, part: 0, subject: { certificate, uid }, own }];
  });
}

function deliveryTellings(
  commit: Commit,
  past: readonly DomainEvent[],
  whole: boolean,
): readonly Telling[] | 'incomplete' {
  const destination = destinationNameOfKey(commit.stream.slice('delivery/'.length));
  let desired: DesiredDelivery | undefined;
  let failures = 0;
  const tellings: Telling[] = [];
  const events = eventsOf(commit) as DeliveryEvent[];
  const known = past as readonly DeliveryEvent[];
  const since = known.findLastIndex(({ type }) => type === 'DeliveryRequested');
  if (since < 0 && !whole && events[0]?.type !== 'DeliveryRequested') return 'incomplete';
  for (const event of known.slice(Math.max(since, 0))) {
    if (event.type === 'DeliveryRequested') desired = event;
    failures = failuresAfter(event, failures);
  }
  for (const [index, event] of events.entries()) {
    if (event.type === 'DeliveryRequested') desired = event;
    failures = failuresAfter(event, failures);
    const own = desired && ownOfDelivery(event, desired, destination, failures);
    if (own) tellings.push({ index, part: 0, subject: desired!, own });
  }
  return tellings;
}

function failuresAfter(event: DeliveryEvent, before: number): number {
  if (event.type === 'DeliveryFailed' || event.type === 'DeliveryRefused') return before + 1;
  return event.type === 'DeliveryRequested' || event.type === 'DeliveryConfirmed' ? 0 : before;
}

function ownOfDelivery(
  event: DeliveryEvent,
  { revision }: DesiredDelivery,
  destination: string,
  failures: number,
): Own | undefined {
  const told = tellDelivery(event, true)[0];
  if (!told) return undefined;
  const { message } = told;
  switch (event.type) {
    case 'DeliveryConfirmed': {
      const { revision: seen, fingerprint } = event;
      return { type: 'certificate.delivered', message, revision: seen, destination, fingerprint };
    }
    case 'DeliveryRefused':
    case 'DeliveryFailed':
      return { ...failed(told, failures), stage: 'delivery', revision, destination };
    case 'DriftDetected': {
      const { found, retryAt } = event;
      return { type: 'certificate.drifted', message, revision, destination, found, ...(retryAt && { retryAt }) };
    }
    default:
      return undefined;
  }
}
