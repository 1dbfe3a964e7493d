import { inLanes } from '../async/lanes.ts';
import type { LiveCertificate } from '../domain/certificate.ts';
import { deliveryDecider } from '../domain/delivery.decide.ts';
import { type DeliveryState, type DesiredDelivery, deliveryStream } from '../domain/delivery.ts';
import { clusterPrefix } from '../domain/destination.ts';
import { foundOf, type SeenCopy } from '../domain/drift.ts';
import type { ClusterAccess, ClusterSurvey, LeftSecret } from '../ports/clusters.ts';
import type { Destinations, ObservedSecret } from '../ports/destinations.ts';
import type { ViewRow } from '../ports/views.ts';
import { contentsOf } from './delivery/contents.ts';
import { certificateOf, splitName } from './issuance/run.ts';
import { counted } from './outcomes.ts';
import { DELIVERIES } from './projections.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'instance' | 'ledger' | 'views' | 'vault' | 'x509' | 'ids' | 'log' | 'metrics'> & {
  readonly clusters: ClusterSurvey;
  readonly destinations: Pick<Destinations, 'observe'>;
};

/** Looks after what was delivered. A copy that is as it was delivered costs no event and no write. */
export interface CopyObserver {
  /**
   * Looks at the copies in a cluster, for {@link LONGEST} at most; the next turn goes on from there.
   * @returns whether it came to their end
   */
  cluster(name: string, access: ClusterAccess): Promise<boolean>;
  /** Reads the copies in directories of this machine. */
  directories(): Promise<void>;
}

/** Deliveries that are read at once. */
const PAGE = 1000;

/** Milliseconds after which a turn begins nothing more: less than a scan keeps in reserve for what it began last. */
const LONGEST = 15_000;

/** Copies that a turn reads whole at least, however long the look at all of them took: or a slow cluster would never get further. */
const AT_LEAST = 16;

/** Where a copy was left, and what it is called. */
type Left = LeftSecret & { readonly stream: string };

/**
 * The observer of one process. It remembers where a turn ended, and which copies somebody wrote to without changing what is ours.
 * @param longest of a turn in a cluster, in milliseconds
 */
export function copyObserver(services: Needs, longest = LONGEST): CopyObserver {
  const ends = new Map<string, string>();
  const harmless = new Map<string, Pick<LeftSecret, 'objectUid' | 'resourceVersion'>>();

  const lookAt = async (stream: string): Promise<void> => {
    harmless.delete(stream);
    try {
      const same = await look(services, stream);
      if (same) harmless.set(stream, { objectUid: same.objectUid, resourceVersion: same.resourceVersion });
    } catch (error) {
      services.log.warn('drift: a copy could not be looked at', { stream, error: (error as Error).message });
    }
  };

  return {
    async cluster(name, access) {
      const prefix = clusterPrefix(name);
      const over = timer(longest);
      let read = 0;
      for await (const page of pages(services, prefix, ends.get(name))) {
        const left = page.rows.flatMap(leftOf).map((one) => ({ ...one, ...harmless.get(one.stream) }));
        const { changed, unseen } = await services.clusters.survey(access, left);
        if (unseen > 0)
          services.log.warn('drift: the credential may not look at all copies', { cluster: name, unseen });
        const skipped = await inLanes(changed, async ({ stream }) => {
          if (over() && read >= AT_LEAST) return stream;
          read++;
          await lookAt(stream);
        });
        const end = endOf(page, skipped, over());
        if (end === undefined) continue;
        ends.set(name, end);
        return false;
      }
      ends.delete(name);
      return true;
    },
    async directories() {
      for await (const { rows } of pages(services, 'directory/')) {
        await inLanes(rows.filter(isConfirmed), ({ key }) => lookAt(deliveryStream(key)));
      }
    },
  };
}

function timer(milliseconds: number): () => boolean {
  const until = performance.now() + milliseconds;
  return () => performance.now() > until;
}

/** Rows after a key, in its order. */
interface Page {
  readonly after: string;
  readonly rows: readonly ViewRow[];
  readonly last: boolean;
}

/** Rows of the deliveries whose keys begin so, page by page. */
async function* pages({ views }: Needs, prefix: string, from = prefix): AsyncGenerator<Page, void> {
  for (let after = from; ; ) {
    const found = await views.list(DELIVERIES, { after, limit: PAGE });
    const rows = found.filter(({ key }) => key.startsWith(prefix));
    const last = rows.length < PAGE;
    yield { after, rows, last };
    if (last) return;
    after = rows.at(-1)!.key;
  }
}

/** The key after which the next turn goes on: what was skipped comes first. Undefined where this one does. */
function endOf(
  { after, rows, last }: Page,
  skipped: readonly (string | undefined)[],
  over: boolean,
): string | undefined {
  const first = rows.findIndex(({ key }) => skipped.includes(deliveryStream(key)));
  if (first >= 0) return rows[first - 1]?.key ?? after;
  return over && !last ? rows.at(-1)!.key : undefined;
}

const isConfirmed = ({ doc }: ViewRow): boolean => doc.status === 'confirmed';

/** What runs, fails or is let go is not looked at: a push sees what stands there. */
function leftOf(row: ViewRow): Left[] {
  const { destination, observed } = row.doc as unknown as DeliveryState;
  if (!isConfirmed(row) || destination?.kind !== 'kubernetes' || !observed) return [];
  const { namespace, secretName } = destination;
  const { objectUid, resourceVersion } = observed;
  return [{ stream: deliveryStream(row.key), namespace, secretName, objectUid, resourceVersion }];
}

/**
 * Reads a copy whole, and records what differs from what was delivered.
 * @returns what stands there, when nothing does
 */
async function look(services: Needs, stream: string): Promise<ObservedSecret | undefined> {
  const { ledger, destinations, instance, ids, metrics } = services;
  // The view may be behind: a push may have been here since.
  const { state } = await ledger.load(deliveryDecider, stream);
  const { status, destination, desired, run, observed: known } = state;
  if (status !== 'confirmed' || !destination || !desired) return undefined;
  const [team, name] = splitName(desired.certificate);
  const certificate = await certificateOf(services, desired);
  if (certificate.status !== 'live' || !isNewest(certificate, desired)) return undefined;
  const expected = await contentsOf(services, team, name, certificate, desired);
  const context = { instance, certificate: desired.certificate, desired, known };
  const observed = await destinations.observe(destination, context, expected);
  const seen = observed && seenOf(observed);
  if (!foundOf(seen)) return observed;
  const command = { type: 'Observe', after: run, seen, random: ids.random() } as const;
  const meta = { actor: 'observation', correlationId: stream };
  const { events } = await ledger.handle(deliveryDecider, stream, command, meta);
  if (events.some(({ type }) => type === 'DriftDetected')) metrics?.(counted('Drifted'));
  return undefined;
}

const seenOf = ({ fingerprint, ours, differing = [] }: ObservedSecret): SeenCopy => ({
  ...(fingerprint && { fingerprint }),
  ours,
  differing,
});

/** Otherwise another delivery is on its way, and the spec may say of this one what it never held. */
const isNewest = ({ uid, generation, issued }: LiveCertificate, desired: DesiredDelivery): boolean =>
  uid === desired.uid && generation === desired.generation && issued?.revision === desired.revision;
