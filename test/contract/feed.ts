import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventStore } from '../../lib/ports/eventStore.ts';
import type { Feed, FeedRecord } from '../../lib/ports/feed.ts';
import { append } from '../support/ledger.ts';
import { type MakeFixture, withFixture } from './fixture.ts';

/** A feed that was not started yet, and the ledger that it follows. Pauses after an error should be short in tests. */
export interface LedgerWithFeed {
  readonly store: EventStore;
  readonly feed: Feed;
}

const versionsOf = (records: readonly FeedRecord[], stream: string): number[] =>
  records.filter((record) => record.commit.stream === stream).map((record) => record.commit.version);

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The contract of the feed. Run on every adapter. */
export function feedContract(make: MakeFixture<LedgerWithFeed>): void {
  describe('Feed', () => {
    test('delivers what was appended before and after the start, to every consumer', () =>
      withFixture(make, async ({ store, feed }) => {
        const seen: FeedRecord[] = [];
        const alsoSeen: FeedRecord[] = [];
        feed.subscribe('one', async (record) => void seen.push(record));
        feed.subscribe('two', async (record) => void alsoSeen.push(record));
        await append(store, 'a', 1);
        await append(store, 'b', 1);
        await append(store, 'a', 2);
        feed.start();
        await append(store, 'b', 2);
        await feed.drained();
        const [a, b] = [await store.commits('a'), await store.commits('b')];
        expect(seen.map((record) => record.commit)).toEqual([a[0], b[0], a[1], b[1]]);
        expect(alsoSeen).toEqual(seen);
        expect(seen.map((record) => record.position)).toEqual(
          seen.map((record) => record.position).toSorted((a, b) => a - b),
        );
      }));

    test('carries on after a restart from where it was', () =>
      withFixture(make, async ({ store, feed }, fixture) => {
        feed.subscribe('one', async () => {});
        feed.start();
        await append(store, 'a', 1);
        await feed.drained();
        await feed.stop();
        await append(store, 'a', 2);
        const again = await fixture.reopen();
        const seen: FeedRecord[] = [];
        const fresh: FeedRecord[] = [];
        again.feed.subscribe('one', async (record) => void seen.push(record));
        again.feed.subscribe('fresh', async (record) => void fresh.push(record));
        again.feed.start();
        await append(again.store, 'a', 3);
        await again.feed.drained();
        expect(versionsOf(seen, 'a')).toEqual([2, 3]);
        expect(versionsOf(fresh, 'a')).toEqual([1, 2, 3]);
      }));

    test('delivers a record again when its handler threw, and holds back those behind it', () =>
      withFixture(make, async ({ store, feed }) => {
        const calls: string[] = [];
        let failures = 3;
        feed.subscribe('one', async ({ commit }) => {
          calls.push(`${commit.stream}${commit.version}`);
          if (commit.stream === 'bad' && failures-- > 0) throw new Error('not yet');
        });
        feed.start();
        await append(store, 'a', 1);
        await append(store, 'bad', 1);
        await append(store, 'a', 2);
        await feed.drained();
        expect(calls).toEqual(['a1', 'bad1', 'bad1', 'bad1', 'bad1', 'a2']);
      }));

    test('delivers a record again after a restart when its handler never succeeded', () =>
      withFixture(make, async ({ store, feed }, fixture) => {
        let called = () => {};
        const wasCalled = new Promise<void>((resolve) => {
          called = resolve;
        });
        feed.subscribe('one', async () => {
          called();
          throw new Error('never');
        });
        feed.start();
        await append(store, 'a', 1);
        await wasCalled;
        await feed.stop();
        const again = await fixture.reopen();
        const seen: FeedRecord[] = [];
        again.feed.subscribe('one', async (record) => void seen.push(record));
        again.feed.start();
        await again.feed.drained();
        expect(versionsOf(seen, 'a')).toEqual([1]);
      }));

    test('does not let one consumer\u2019s failure hold up another', () =>
      withFixture(make, async ({ store, feed }) => {
        let seen = () => {};
        const wasSeen = new Promise<void>((resolve) => {
          seen = resolve;
        });
        feed.subscribe('bad', () => Promise.reject(new Error('never')));
        feed.subscribe('good', async () => seen());
        feed.start();
        await append(store, 'a', 1);
        await wasSeen;
      }));

    test('ends only when no handler runs, and delivers nothing after', () =>
      withFixture(make, async ({ store, feed }) => {
        let running = 0;
        let begun = () => {};
        const hasBegun = new Promise<void>((resolve) => {
          begun = resolve;
        });
        const seen: number[] = [];
        feed.subscribe('one', async ({ commit }) => {
          running++;
          begun();
          await later(20);
          seen.push(commit.version);
          running--;
        });
        feed.start();
        for (let version = 1; version <= 5; version++) await append(store, 'a', version);
        await hasBegun;
        await feed.stop();
        const atStop = [...seen];
        expect(running).toBe(0);
        expect(atStop.length).toBeLessThan(5);
        await append(store, 'a', 6);
        await later(30);
        expect(seen).toEqual(atStop);
      }));

    lanesContract(make);
    orderContract(make);
  });
}

function lanesContract(make: MakeFixture<LedgerWithFeed>): void {
  test('with lanes, handles as many streams at the same time and no more, and never two records of one', () =>
    withFixture(make, async ({ store, feed }) => {
      const running = new Map<string, number>();
      let most = 0;
      feed.subscribe(
        'one',
        async ({ commit }) => {
          running.set(commit.stream, (running.get(commit.stream) ?? 0) + 1);
          expect(running.get(commit.stream)).toBe(1);
          most = Math.max(most, running.size);
          await later(2);
          running.delete(commit.stream);
        },
        { lanes: 3 },
      );
      for (let version = 1; version <= 4; version++) {
        await Promise.all(['a', 'b', 'c', 'd', 'e'].map((stream) => append(store, stream, version)));
      }
      feed.start();
      await feed.drained();
      expect(most).toBe(3);
    }));

  test('with lanes, a failing stream holds up none of the others, and is not forgotten', () =>
    withFixture(make, async ({ store, feed }, fixture) => {
      let allSeen = () => {};
      const othersSeen = new Promise<void>((resolve) => {
        allSeen = resolve;
      });
      const good: FeedRecord[] = [];
      const handler = async (record: FeedRecord) => {
        if (record.commit.stream === 'bad') throw new Error('never');
        if (good.push(record) === 20) allSeen();
      };
      feed.subscribe('one', handler, { lanes: 2 });
      feed.start();
      await append(store, 'bad', 1);
      for (let version = 1; version <= 10; version++) {
        await Promise.all([append(store, 'a', version), append(store, 'b', version)]);
      }
      await othersSeen;
      await feed.stop();
      const again = await fixture.reopen();
      const seen: FeedRecord[] = [];
      again.feed.subscribe('one', async (record) => void seen.push(record), { lanes: 2 });
      again.feed.start();
      await again.feed.drained();
      expect(versionsOf(seen, 'bad')).toEqual([1]);
    }));
}

function orderContract(make: MakeFixture<LedgerWithFeed>): void {
  test('delivers each stream\u2019s commits in order and without gaps, whatever throws and whenever it is restarted', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 25 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(25),
        (streams, throws, lanes, restartAfter) =>
          withFixture(make, async (first, fixture) => {
            const handled: FeedRecord[] = [];
            let call = 0;
            const handler = async (record: FeedRecord) => {
              await later(0);
              if (throws[call++ % 40]) throw new Error('now and then');
              handled.push(record);
            };
            let { store, feed } = first;
            feed.subscribe('one', handler, { lanes });
            feed.start();
            const versions = new Map<string, number>();
            for (const [index, stream] of streams.entries()) {
              if (index === restartAfter) {
                await feed.stop();
                ({ store, feed } = await fixture.reopen());
                feed.subscribe('one', handler, { lanes });
                feed.start();
              }
              versions.set(stream, (versions.get(stream) ?? 0) + 1);
              await append(store, stream, versions.get(stream)!);
            }
            await feed.drained();
            for (const [stream, last] of versions) {
              // Repeats are allowed; a version that comes before its predecessor is not.
              let highest = 0;
              for (const version of versionsOf(handled, stream)) {
                expect(version).toBeLessThanOrEqual(highest + 1);
                highest = Math.max(highest, version);
              }
              expect(highest).toBe(last);
            }
          }),
      ),
      { numRuns: 20 },
    ));
}
