import { challenge } from '../../lib/application/issuance/challenge.ts';
import { cleanUp } from '../../lib/application/issuance/cleanUp.ts';
import { finalize } from '../../lib/application/issuance/finalize.ts';
import { order } from '../../lib/application/issuance/order.ts';
import { recordFailure } from '../../lib/application/issuance/recordFailure.ts';
import type { IssueInput } from '../../lib/application/issuance/run.ts';
import { store } from '../../lib/application/issuance/store.ts';
import { Ledger } from '../../lib/application/ledger.ts';
import type { Outcome } from '../../lib/application/outcome.ts';
import { ISSUANCES, project } from '../../lib/application/projections.ts';
import { react } from '../../lib/application/reactions.ts';
import { scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import type { CertificateEvent } from '../../lib/domain/certificate.ts';
import { millis } from '../../lib/domain/time.ts';
import type { Commit } from '../../lib/ports/eventStore.ts';
import type { SimulatedCa } from './ca.ts';
import { memoryLedger, memoryLimitRows, memoryVault, memoryViews } from './memory.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { paperX509 } from './x509.ts';

/** Milliseconds between scans, as on AWS. */
const SCAN_EVERY = 300_000;

/** The product's own ledger, deciders, steps, reactions and scan, over ports in memory. */
export interface Installation {
  readonly services: Services;
  readonly counts: { scans: number; executions: number; commits: number };
  /** Handles the commits that nobody has reacted to yet. */
  settle(): Promise<void>;
}

const STEPS = [
  ['order', order],
  ['challenge', challenge],
  ['finalize', finalize],
  ['store', store],
] as const;

/** @param told each commit, after its reactions */
export function installation(
  timeline: Timeline,
  ca: SimulatedCa,
  random: Random,
  told: (commit: Commit) => void,
): Installation {
  const counts = { scans: 0, executions: 0, commits: 0 };
  const feed: Commit[] = [];
  const ledgerRows = memoryLedger((commit) => {
    counts.commits++;
    feed.push(commit);
  });
  const clock = { now: timeline.instant };
  let made = 0;
  const ids = {
    // Names are not chance: how many are made must not change the run.
    uuid: () => `id-${(++made).toString(16).padStart(12, '0')}`,
    random: random.next,
    hex: (bytes: number) => random.hex(2 * bytes),
  };
  const executions = new Map<string, 'running' | 'ended'>();
  const tokens = new Set<string>();
  const quiet = () => {};
  const vault = memoryVault();
  const views = memoryViews();

  const services = {
    instance: 'simulation',
    ledger: new Ledger(ledgerRows, clock, ids),
    store: ledgerRows,
    vault,
    acme: ca,
    x509: paperX509(random),
    limits: memoryLimitRows(timeline.instant),
    clock,
    ids,
    log: { info: quiet, warn: quiet, error: fault },
    caa: { relevant: async () => [] },
    challengeTokens: {
      put: async (token: string) => void tokens.add(token),
      find: async (token: string) => (tokens.has(token) ? token : undefined),
      remove: async (token: string) => void tokens.delete(token),
    },
    holders: { hold: async () => {}, release: async () => true },
    views,
    workflows: {
      async start(_: string, name: string, input: Record<string, unknown>) {
        const known = executions.get(name);
        if (known) return known;
        executions.set(name, 'running');
        counts.executions++;
        const play = issue(input as unknown as IssueInput, () => executions.set(name, 'ended'));
        timeline.at(timeline.now, () => advance(play));
        // A name is asked for only while its run may still live.
        timeline.at(timeline.now + 86_400_000, () => void executions.delete(name));
        return 'started';
      },
    },
  } as unknown as Services;

  /** What the machine issueCertificate does, with its waits as pauses of the timeline. */
  async function* issue(input: IssueInput, ended: () => void): AsyncGenerator<number> {
    const state: Record<string, unknown> = { ...input };
    let last: Outcome | undefined;
    for (const [name, step] of STEPS) {
      do {
        last = await step(services, state as unknown as IssueInput);
        state[name] = last;
        if (last.outcome === 'wait') yield last.seconds * 1000;
      } while (last.outcome === 'wait');
      if (last.outcome !== 'done') break;
    }
    if (last?.outcome === 'failed') await recordFailure(services, input);
    if (last?.outcome !== 'deferred') await cleanUp(services, input);
    ended();
  }

  async function advance(play: AsyncGenerator<number>): Promise<void> {
    const { done, value } = await play.next();
    await settle();
    if (!done) timeline.at(timeline.now + value, () => advance(play));
  }

  async function settle(): Promise<void> {
    for (let commit = feed.shift(); commit; commit = feed.shift()) {
      await show(commit);
      await react(services, commit);
      told(commit);
      forget(commit);
    }
    wakeForNextDue();
  }

  /** What fails is found by the views, when its cause is mended. */
  async function show({ stream, events }: Commit): Promise<void> {
    if (!stream.startsWith('issuance/')) return;
    const failed = events.some((event) => event.type === 'IssuanceFailed');
    if (failed || views.failing(ISSUANCES, stream.slice('issuance/'.length))) await project(services, stream);
  }

  /** Issuances that are over, and keys and chains that have a successor, would fill the memory of years. */
  function forget({ stream, events }: Commit): void {
    for (const event of events as readonly CertificateEvent[]) {
      if (event.type === 'CertificateIssued') {
        const before = event.revision - 1;
        const uid = event.chainRef.split('/')[1]!;
        for (const ref of [event.keyRef, event.chainRef]) {
          if (ref) void vault.purge(ref.replace(`/${event.revision}`, `/${before}`));
        }
        if (before > 0) ledgerRows.forget(`issuance/${uid}/${before}`);
      }
    }
    if (stream.startsWith('order/')) ledgerRows.forget(stream);
  }

  let scanAt = Number.POSITIVE_INFINITY;
  /** A scan that would find nothing is left out: it would change nothing. */
  function wakeForNextDue(): void {
    const due = ledgerRows.nextDue();
    if (due === undefined) return;
    const at = Math.max(Math.ceil(millis(due) / SCAN_EVERY) * SCAN_EVERY, timeline.now + 1);
    if (at >= scanAt) return;
    scanAt = at;
    timeline.at(at, async () => {
      if (timeline.now !== scanAt) return;
      scanAt = Number.POSITIVE_INFINITY;
      counts.scans++;
      // The bound on starts a second is of real seconds.
      await scan(services, { perSecond: Number.POSITIVE_INFINITY });
      await settle();
    });
  }

  return { services, counts, settle };
}

/** What the product calls an error has no place in a simulation of years. */
function fault(message: string, fields?: unknown): never {
  throw new Error(`${message}: ${JSON.stringify(fields)}`);
}
