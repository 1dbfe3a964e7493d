import { type Destination, destinationKey } from '../../../lib/domain/destination.ts';
import type { ClusterAccess, ClusterProbe, ClusterSurvey, LeftSecret } from '../../../lib/ports/clusters.ts';
import type { Destinations, PushResult, SecretContents } from '../../../lib/ports/destinations.ts';

/** A double of where copies go: contents in memory. */
export interface DestinationsDouble extends Destinations {
  readonly stored: Map<string, SecretContents>;
  /** Fingerprints in the order in which they were written. */
  readonly written: string[];
  /** Keys of the destinations that were read whole, in order. */
  readonly read: string[];
  /** Called before each write; answers a refusal, or waits. */
  before: (contents: SecretContents) => Promise<PushResult | undefined>;
  /** Somebody else writes other contents, or removes them. */
  tamper(to: Destination, change: Partial<SecretContents> | 'remove', ours?: boolean): void;
  /** Stands for the clusters in which the copies are. */
  readonly clusters: ClusterProbe & ClusterSurvey & { readonly surveys: number };
}

/** What stands beside the contents of a copy. */
interface Mark {
  readonly resourceVersion: string;
  readonly ours: boolean;
}

/** Copies in memory. Nothing is there at first. */
export function destinationsDouble(): DestinationsDouble {
  const marks = new Map<string, Mark>();
  let version = 0;
  const note = (key: string, ours: boolean): Mark => {
    const mark = { resourceVersion: String(++version), ours };
    marks.set(key, mark);
    return mark;
  };
  const double: DestinationsDouble = {
    stored: new Map(),
    written: [],
    read: [],
    before: async () => undefined,
    async push(to, contents) {
      const refusal = await double.before(contents);
      if (refusal) return refusal;
      const key = destinationKey(to);
      double.stored.set(key, contents);
      double.written.push(contents.fingerprint);
      const { resourceVersion } = note(key, true);
      return { outcome: 'confirmed', objectUid: 'o1', resourceVersion, fingerprint: contents.fingerprint };
    },
    async observe(to, _context, expected) {
      const key = destinationKey(to);
      double.read.push(key);
      const found = double.stored.get(key);
      if (!found) return undefined;
      const { fingerprint } = found;
      return {
        ...{ objectUid: 'o1', fingerprint, ...marks.get(key)! },
        ...(expected && { differing: MEMBERS.filter((member) => found[member] !== expected[member]) }),
      };
    },
    async withdraw(to) {
      double.stored.delete(destinationKey(to));
      return { outcome: 'withdrawn' };
    },
    tamper(to, change, ours = true) {
      const key = destinationKey(to);
      if (change === 'remove') double.stored.delete(key);
      else double.stored.set(key, { ...double.stored.get(key)!, ...change });
      note(key, ours);
    },
    clusters: clustersDouble((key) => (double.stored.has(key) ? marks.get(key) : undefined)),
  };
  return double;
}

const MEMBERS = ['certificate', 'key', 'ca'] as const;

function clustersDouble(markOf: (key: string) => Mark | undefined) {
  const double = {
    surveys: 0,
    probe: async () => ({ version: 'v1.33.0' }),
    async survey<T extends LeftSecret>({ server }: ClusterAccess, left: readonly T[]) {
      double.surveys++;
      const cluster = new URL(server).hostname;
      const isAsLeft = ({ namespace, secretName, resourceVersion }: T): boolean =>
        markOf(destinationKey({ kind: 'kubernetes', cluster, namespace, secretName }))?.resourceVersion ===
        resourceVersion;
      return { changed: left.filter((one) => !isAsLeft(one)), unseen: 0 };
    },
  };
  return double;
}
