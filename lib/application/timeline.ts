import { createHash } from 'node:crypto';
import { type CertificateEvent, certificateStream } from '../domain/certificate.ts';
import type { DomainEvent } from '../domain/decider.ts';
import { type DeliveryEvent, deliveryStream } from '../domain/delivery.ts';
import { destinationKey, destinationNameOfKey } from '../domain/destination.ts';
import { type IssuanceEvent, issuanceStream } from '../domain/issuance.ts';
import type { Commit } from '../ports/eventStore.ts';
import { certificateNotFound } from './certificateFacts.ts';
import { type Told, tellCertificate, tellDelivery, tellIssuance } from './publicEvents.ts';
import type { TimelineEvent } from './schema/answers.ts';
import type { Services } from './services.ts';
import { upcast } from './upcast.ts';

type Needs = Pick<Services, 'store'>;

/**
 * How far a reader has come: a version for each stream, by a short hash of its name. For a destination, `ours` says whether the copy there
 * was the certificate's at that version.
 */
export type TimelineCursor = Readonly<Record<string, readonly [version: number, ours?: boolean]>>;

export interface Timeline {
  readonly events: readonly TimelineEvent[];
  readonly cursor: TimelineCursor;
}

/** Newest revisions whose issuances are told; older ones are told by what the certificate's own stream says. */
const REVISIONS = 10;

/** A stream that works for the certificate, and how its commits are told. */
interface Source {
  readonly id: string;
  readonly stream: string;
  readonly from: number;
  tell(commit: Commit): { readonly told: readonly Told[]; readonly ours?: boolean };
  readonly ours?: boolean;
}

/**
 * What happened to a certificate, oldest first: its own events, those of its issuances and of its deliveries, in words for tenants.
 * @param after reads on from there
 * @param limit commits at most
 * @throws Refusal `CertificateNotFound` for a name that never had one
 */
export async function readTimeline(
  { store }: Needs,
  team: string,
  name: string,
  after: TimelineCursor,
  limit: number,
): Promise<Timeline> {
  return readFrom({ store }, team, name, await newest({ store }, team, name, []), after, limit);
}

/** The certificate's own commits: those that were read before, and what came since. @throws Refusal `CertificateNotFound` */
async function newest({ store }: Needs, team: string, name: string, known: readonly Commit[]): Promise<Commit[]> {
  const own = [...known, ...(await store.commits(certificateStream(team, name), known.at(-1)?.version))];
  if (own.length === 0) throw certificateNotFound(team, name);
  return own;
}

async function readFrom(
  { store }: Needs,
  team: string,
  name: string,
  own: readonly Commit[],
  after: TimelineCursor,
  limit: number,
): Promise<Timeline> {
  const found = sources(team, name, own, after);
  const read = await Promise.all(
    found.map(async (source) => {
      const commits = source.id === OWN ? own : await store.commits(source.stream, source.from);
      return commits.filter((commit) => commit.version > source.from).map((commit) => ({ source, commit }));
    }),
  );
  const merged = read.flat().sort(byTime).slice(0, limit);
  return tell(merged, found);
}

const OWN = 'c';

const idOf = (prefix: string, stream: string): string =>
  prefix + createHash('sha256').update(stream).digest('base64url').slice(0, 8);

function sources(team: string, name: string, own: readonly Commit[], after: TimelineCursor): Source[] {
  const events = own.flatMap((commit) => commit.events.map((event) => upcast(event) as CertificateEvent));
  const from = (id: string) => after[id]?.[0] ?? 0;
  const certificate: Source = {
    id: OWN,
    stream: certificateStream(team, name),
    from: from(OWN),
    tell: (commit) => ({ told: eventsOf<CertificateEvent>(commit).flatMap(tellCertificate) }),
  };
  const issuances = issuancesOf(events).map(({ uid, revision }): Source => {
    const stream = issuanceStream(uid, revision);
    const id = idOf('i', stream);
    return { id, stream, from: from(id), tell: (commit) => ({ told: toldIssuance(commit, revision) }) };
  });
  const uids = new Set(events.flatMap((event) => (event.type === 'CertificateRequested' ? [event.uid] : [])));
  const deliveries = [...destinationsOf(events)].map((key): Source => {
    const stream = deliveryStream(key);
    const id = idOf('d', stream);
    const told = deliveryTeller(uids, key, after[id]?.[1] ?? false);
    return { id, stream, from: from(id), tell: told, ours: after[id]?.[1] };
  });
  return [certificate, ...issuances, ...deliveries];
}

function issuancesOf(events: readonly CertificateEvent[]): { uid: string; revision: number }[] {
  const found: { uid: string; revision: number }[] = [];
  let uid = '';
  for (const event of events) {
    if (event.type === 'CertificateRequested') uid = event.uid;
    const asks = event.type === 'CertificateRequested' || event.type === 'RenewalRequested';
    if (asks && event.revision !== undefined) found.push({ uid, revision: event.revision });
  }
  return found.slice(-REVISIONS);
}

function destinationsOf(events: readonly CertificateEvent[]): Set<string> {
  const requested = events.flatMap((event) =>
    event.type === 'CertificateRequested' ? event.spec.destinations.map(destinationKey) : [],
  );
  return new Set(requested);
}

const eventsOf = <E extends DomainEvent>({ events }: Commit): E[] => events.map((event) => upcast(event) as E);

function toldIssuance(commit: Commit, revision: number): Told[] {
  const events = eventsOf<IssuanceEvent>(commit);
  return events.flatMap((event) => tellIssuance(event, events.length === 1)).map((told) => ({ revision, ...told }));
}

/** A destination may have had other certificates before and after: only our own time there is told. */
function deliveryTeller(uids: ReadonlySet<string>, key: string, oursBefore: boolean): Source['tell'] {
  let ours = oursBefore;
  const destination = destinationNameOfKey(key);
  return (commit) => {
    const events = eventsOf<DeliveryEvent>(commit);
    const told = events.flatMap((event) => {
      if (event.type === 'DeliveryRequested') ours = uids.has(event.uid);
      return ours ? tellDelivery(event, events.length === 1) : [];
    });
    return { told: told.map((one) => ({ destination, ...one })), ours };
  };
}

interface Read {
  readonly source: Source;
  readonly commit: Commit;
}

/** By time, and within a stream by version; equal times keep the order certificate, issuances, deliveries. */
const byTime = (a: Read, b: Read): number => (a.commit.at === b.commit.at ? 0 : a.commit.at < b.commit.at ? -1 : 1);

function tell(merged: readonly Read[], found: readonly Source[]): Timeline {
  // Streams that are no longer told drop out, so that the cursor does not grow.
  const known = found.filter(({ from }) => from > 0);
  const cursor: Record<string, readonly [number, boolean?]> = Object.fromEntries(
    known.map(({ id, from, ours }) => [id, ours === undefined ? [from] : [from, ours]]),
  );
  const events: TimelineEvent[] = [];
  for (const { source, commit } of merged) {
    const { told, ours } = source.tell(commit);
    cursor[source.id] = ours === undefined ? [commit.version] : [commit.version, ours];
    const { at, actor } = commit;
    const asked = source.id === OWN && isPerson(actor);
    events.push(...told.map((one) => ({ at, ...one, ...(asked && { actor }) })));
  }
  return { events, cursor };
}

const isPerson = (actor: string): boolean => actor.startsWith('token:') || actor.startsWith('oidc:');

/** Milliseconds between two looks. */
const LOOK = 250;

/**
 * As {@link readTimeline}, but when there is nothing yet, looks again until there is or `seconds` are over.
 * @param signal ends the wait: the reader went away
 */
export async function followTimeline(
  services: Needs,
  team: string,
  name: string,
  options: {
    readonly after: TimelineCursor;
    readonly limit: number;
    readonly seconds: number;
    readonly signal?: AbortSignal;
    readonly pause?: (milliseconds: number) => Promise<void>;
  },
): Promise<Timeline> {
  const { after, limit, seconds, signal, pause = sleep } = options;
  let cursor = after;
  let own: Commit[] = [];
  for (let waited = 0; ; waited += LOOK) {
    own = await newest(services, team, name, own);
    const timeline = await readFrom(services, team, name, own, cursor, limit);
    // What tenants need not know moves the cursor and is no reason to answer.
    cursor = timeline.cursor;
    if (timeline.events.length > 0 || waited >= seconds * 1000 || signal?.aborted) return timeline;
    await pause(LOOK);
  }
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
