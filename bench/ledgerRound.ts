import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../lib/adapters/sqlite/database.ts';
import { sqliteEventStore } from '../lib/adapters/sqlite/eventStore.ts';
import { sqliteFeed } from '../lib/adapters/sqlite/feed.ts';
import { sqliteViews } from '../lib/adapters/sqlite/views.ts';
import type { Commit, EventStore, Head } from '../lib/ports/eventStore.ts';
import { residentMiB, timed } from './support.ts';

// Beside the code and not in the system's temporary folder, which may lie in memory, where a flush costs nothing.
const CACHE = join(import.meta.dirname, '../.cache');

/** Events of the short and of the long aggregate. */
export const SHORT = 10;
export const LONG = 10_000;

const at = new Date(0).toISOString();
const spec = {
  dnsNames: ['api.payments.example.test', '*.payments.example.test'],
  issuerRef: { name: 'public', kind: 'ClusterIssuer' },
  secretName: 'api-tls',
  duration: '2160h',
  privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
  usages: ['digital signature', 'key encipherment', 'server auth'],
  destinations: [{ kind: 'kubernetes', cluster: 'eu-1', namespace: 'payments', secretName: 'api-tls' }],
};

/** A commit and a head of the size that a certificate's have. */
function entry(stream: string, version: number): { commit: Commit; head: Head } {
  const commitId = randomUUID();
  const hash = version.toString(16).padStart(64, '0');
  const event = { type: 'CertificateRequested', uid: commitId, generation: version, spec };
  return {
    commit: {
      stream,
      version,
      events: [event],
      at,
      actor: 'bench',
      commitId,
      correlationId: commitId,
      previousHash: hash,
      hash,
    },
    head: { stream, version, hash, at, commitId, snapshot: { evolve: 1, state: event }, dueAt: at },
  };
}

async function appendTo(store: EventStore, stream: string, from: number, count: number): Promise<void> {
  for (let version = from; version < from + count; version++) {
    const { commit, head } = entry(stream, version);
    if ((await store.append(commit, head)) !== 'appended') throw new Error('the bench alone writes here');
  }
}

/** Appends a second by `writers` that each wait for the answer before the next append. */
async function appendRate(store: EventStore, writers: number, each: number): Promise<number> {
  const streams = Array.from({ length: writers }, (_, index) => `rate/${writers}/${index}`);
  const milliseconds = await timed(() => Promise.all(streams.map((stream) => appendTo(store, stream, 1, each))));
  return (writers * each * 1000) / milliseconds;
}

/** Flushes a second: the disk's own limit for a writer that waits. */
function flushRate(folder: string, count: number): number {
  const file = openSync(join(folder, 'flush'), 'w');
  const page = Buffer.alloc(4096, 1);
  const begin = performance.now();
  for (let index = 0; index < count; index++) {
    writeSync(file, page);
    fdatasyncSync(file);
  }
  const milliseconds = performance.now() - begin;
  closeSync(file);
  return (count * 1000) / milliseconds;
}

/** Microseconds for one of `count` calls, awaited in turn. */
async function each(count: number, work: () => Promise<unknown>): Promise<number> {
  const milliseconds = await timed(async () => {
    for (let index = 0; index < count; index++) await work();
  });
  return (milliseconds * 1000) / count;
}

/** Folds a stream's events from its commits, a page at a time, as a reader without a snapshot does. */
async function fold(store: EventStore, stream: string): Promise<number> {
  let state = { generation: 0 };
  let version = 0;
  for (;;) {
    const page = await store.commits(stream, version, 500);
    for (const event of page.flatMap((commit) => commit.events)) state = event as unknown as typeof state;
    version = page.at(-1)?.version ?? version;
    if (page.length < 500) return state.generation;
  }
}

/** The figures of one round, by name. */
export type RoundFigures = Awaited<ReturnType<typeof round>>;

async function round() {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'bench-ledger-'));
  const database = openDatabase(join(folder, 'chancery.db'));
  try {
    const store = sqliteEventStore(database);
    const flushes = flushRate(folder, 200);
    const one = await appendRate(store, 1, 300);
    const ten = await appendRate(store, 10, 100);
    const hundred = await appendRate(store, 100, 50);
    const memory = residentMiB();
    await Promise.all(Array.from({ length: 10 }, (_, index) => appendTo(store, `more/${index}`, 1, 2000)));
    const memoryLater = residentMiB();
    await appendTo(store, 'load/short', 1, SHORT);
    for (let version = 1; version <= LONG; version += 500) {
      const entries = Array.from({ length: 500 }, (_, index) => entry('load/long', version + index));
      await Promise.all(entries.map(({ commit, head }) => store.append(commit, head)));
    }
    // A store of its own for every read: one that lives keeps the heads it used last, and a load would be a look into a map.
    const load = (stream: string) => each(5000, () => sqliteEventStore(database).head(stream));
    // Warm both, so that neither pays for the other's statements and code.
    await load('load/short');
    await load('load/long');
    const short = await load('load/short');
    const long = await load('load/long');
    const kept = await each(5000, () => store.head('load/long'));
    const foldShort = await each(500, () => fold(store, 'load/short'));
    const foldLong = (await each(5, () => fold(store, 'load/long'))) / 1000;
    const projected = await projectionRate();
    return { flushes, one, ten, hundred, short, long, kept, foldShort, foldLong, projected, memory, memoryLater };

    async function projectionRate(): Promise<number> {
      const views = sqliteViews(database);
      const feed = sqliteFeed(database);
      let records = 0;
      const project = async ({ commit: { stream, version } }: { commit: Commit }) => {
        records++;
        await views.put({ view: 'bench', key: stream, version, owner: '-', doc: spec });
      };
      feed.subscribe('bench', project, { lanes: 16 });
      const milliseconds = await timed(async () => {
        feed.start();
        await feed.drained();
      });
      await feed.stop();
      return (records * 1000) / milliseconds;
    }
  } finally {
    await database.close();
    rmSync(folder, { recursive: true });
  }
}

// A program of its own: every round begins with a fresh process, so that memory is a figure of the ledger and not of the rounds before.
if (import.meta.main) console.log(JSON.stringify(await round()));
