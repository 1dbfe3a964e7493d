import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DueStream, EventStore } from '../../lib/ports/eventStore.ts';
import { append, entry } from '../support/ledger.ts';
import { type MakeFixture, withFixture } from './fixture.ts';

/** The contract of the ledger's storage. Run on every adapter. */
export function eventStoreContract(make: MakeFixture<EventStore>): void {
  describe('EventStore', () => {
    test('reads back the commits and the head that were appended, whole', () =>
      withFixture(make, async (store) => {
        const first = entry('thing/a', 1, { dueAt: '2026-02-01T00:00:00.000Z' });
        const second = entry('thing/a', 2);
        const caused = {
          ...second.commit,
          causationId: 'cause',
          events: [...second.commit.events, { type: 'Ü "\n☃' }],
        };
        expect(await store.append(first.commit, first.head)).toBe('appended');
        expect(await store.head('thing/a')).toEqual(first.head);
        expect(await store.append(caused, second.head)).toBe('appended');
        expect(await store.head('thing/a')).toEqual(second.head);
        expect(await store.commits('thing/a')).toEqual([first.commit, caused]);
      }));

    test('knows nothing of a stream that was never written', () =>
      withFixture(make, async (store) => {
        expect(await store.head('thing/none')).toBeUndefined();
        expect(await store.commits('thing/none')).toEqual([]);
      }));

    test('finds everything again after a restart', () =>
      withFixture(make, async (store, fixture) => {
        const { commit, head } = entry('thing/a', 1);
        await store.append(commit, head);
        const again = await fixture.reopen();
        expect(await again.head('thing/a')).toEqual(head);
        expect(await again.commits('thing/a')).toEqual([commit]);
        expect(await append(again, 'thing/a', 1)).toBe('conflict');
        expect(await append(again, 'thing/a', 2)).toBe('appended');
      }));

    test('answers conflict to a version that is taken and to one that leaves a gap, and writes nothing', () =>
      withFixture(make, async (store) => {
        const { commit, head } = entry('thing/a', 1);
        await store.append(commit, head);
        expect(await append(store, 'thing/a', 1)).toBe('conflict');
        expect(await append(store, 'thing/a', 3)).toBe('conflict');
        expect(await append(store, 'thing/b', 2)).toBe('conflict');
        expect(await store.head('thing/a')).toEqual(head);
        expect(await store.commits('thing/a')).toEqual([commit]);
        expect(await store.commits('thing/b')).toEqual([]);
      }));

    test('recognises a commit that is appended again, also when the stream has gone on', () =>
      withFixture(make, async (store) => {
        expect(await append(store, 'thing/a', 1, { commitId: 'one' })).toBe('appended');
        expect(await append(store, 'thing/a', 1, { commitId: 'one' })).toBe('appended');
        expect(await append(store, 'thing/a', 2, { commitId: 'two' })).toBe('appended');
        expect(await append(store, 'thing/a', 1, { commitId: 'one' })).toBe('appended');
        expect((await store.head('thing/a'))?.version).toBe(2);
        expect((await store.commits('thing/a')).map((commit) => commit.commitId)).toEqual(['one', 'two']);
      }));

    test('lets one of several simultaneous appends at one version win', () =>
      withFixture(make, async (store) => {
        const answers = await Promise.all(Array.from({ length: 8 }, () => append(store, 'thing/a', 1)));
        expect(answers.toSorted()).toEqual(['appended', ...Array(7).fill('conflict')]);
      }));

    test('pages through commits by version', () =>
      withFixture(make, async (store) => {
        for (let version = 1; version <= 12; version++) await append(store, 'thing/a', version);
        const versions = async (after?: number, limit?: number) =>
          (await store.commits('thing/a', after, limit)).map((commit) => commit.version);
        expect(await versions(0, 3)).toEqual([1, 2, 3]);
        expect(await versions(9)).toEqual([10, 11, 12]);
        expect(await versions(10, 1)).toEqual([11]);
        expect(await versions(12)).toEqual([]);
      }));

    test('refuses a head that does not belong to the commit', () =>
      withFixture(make, async (store) => {
        const { commit } = entry('thing/a', 1);
        await expect(store.append(commit, entry('thing/a', 2).head)).rejects.toThrow(TypeError);
        await expect(append(store, 'thing/a', 0)).rejects.toThrow(TypeError);
        expect(await store.commits('thing/a')).toEqual([]);
      }));

    dueContract(make);
    streamsContract(make);
    writersContract(make);
  });
}

const second = (n: number): string => new Date(Date.UTC(2026, 5, 1) + n * 1000).toISOString();

function dueContract(make: MakeFixture<EventStore>): void {
  test('pages through what is due, the earliest first, a stream being due from its very instant on', () =>
    withFixture(make, async (store) => {
      for (const [stream, at] of [
        ['c', 2],
        ['a', 3],
        ['b', 2],
        ['d', 1],
        ['e', 9],
      ] as const) {
        await append(store, stream, 1, { dueAt: second(at) });
      }
      await append(store, 'never', 1);
      const pages: string[][] = [];
      let after: DueStream | undefined;
      for (;;) {
        const page = await store.due(second(3), 2, after);
        if (page.length === 0) break;
        pages.push(page.map((row) => row.stream));
        after = page.at(-1);
      }
      expect(pages.flat()).toEqual(['d', 'b', 'c', 'a']);
      expect(await store.due(second(1), 10)).toEqual([{ stream: 'd', version: 1, dueAt: second(1) }]);
      expect(await store.due(second(0), 10)).toEqual([]);
    }));

  test('moves a stream in the due index with every append', () =>
    withFixture(make, async (store) => {
      await append(store, 'a', 1, { dueAt: second(1) });
      await append(store, 'a', 2, { dueAt: second(5) });
      expect(await store.due(second(4), 10)).toEqual([]);
      expect(await store.due(second(5), 10)).toEqual([{ stream: 'a', version: 2, dueAt: second(5) }]);
      await append(store, 'a', 3);
      expect(await store.due(second(99), 10)).toEqual([]);
    }));

  test('postpones a stream only while it is at the version that was seen', () =>
    withFixture(make, async (store) => {
      await append(store, 'a', 1, { dueAt: second(1) });
      expect(await store.postpone('a', 1, second(7))).toBe(true);
      expect(await store.due(second(6), 10)).toEqual([]);
      expect(await store.due(second(7), 10)).toEqual([{ stream: 'a', version: 1, dueAt: second(7) }]);
      await append(store, 'a', 2, { dueAt: second(2) });
      expect(await store.postpone('a', 1, second(9))).toBe(false);
      expect(await store.postpone('none', 1, second(9))).toBe(false);
      expect(await store.due(second(9), 10)).toEqual([{ stream: 'a', version: 2, dueAt: second(2) }]);
      expect((await store.commits('a')).length).toBe(2);
    }));
}

function streamsContract(make: MakeFixture<EventStore>): void {
  test('lists the streams of a prefix in order, a page at a time', () =>
    withFixture(make, async (store) => {
      for (const stream of [
        'certificate/b/x',
        'certificate/a/z',
        'certificate/a/é',
        'certificates',
        'cert',
        'team/a',
      ]) {
        await append(store, stream, 1);
      }
      expect(await store.streams('certificate/', 10)).toEqual([
        'certificate/a/z',
        'certificate/a/é',
        'certificate/b/x',
      ]);
      expect(await store.streams('certificate/', 1, 'certificate/a/z')).toEqual(['certificate/a/é']);
      expect(await store.streams('certificate/a/', 10, 'certificate/a/é')).toEqual([]);
      expect(await store.streams('nothing/', 10)).toEqual([]);
    }));
}

function writersContract(make: MakeFixture<EventStore>): void {
  // Each writer loads, tries the next version, and on a conflict loads again: as handleCommand does.
  const writer = async (store: EventStore, stream: string, name: string, commits: number, gaps: readonly number[]) => {
    const mine: string[] = [];
    for (let turn = 0; mine.length < commits; turn++) {
      for (let gap = gaps[turn % gaps.length]!; gap > 0; gap--) await new Promise((next) => setImmediate(next));
      const version = ((await store.head(stream))?.version ?? 0) + 1;
      const commitId = `${name}-${mine.length}`;
      if ((await append(store, stream, version, { commitId, by: name })) === 'appended') mine.push(commitId);
    }
    return mine;
  };

  test('loses nothing, whatever the interleaving of several writers', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 1, max: 6 }),
        (writers, each) =>
          withFixture(make, async (store) => {
            const appended = await Promise.all(
              writers.map((gaps, index) => writer(store, 'a', `w${index}`, each, gaps)),
            );
            const commits = await store.commits('a');
            expect(commits.map((commit) => commit.version)).toEqual(commits.map((_, index) => index + 1));
            expect(commits.map((commit) => commit.commitId).toSorted()).toEqual(appended.flat().toSorted());
            expect((await store.head('a'))?.commitId).toBe(commits.at(-1)?.commitId);
          }),
      ),
      { numRuns: 20 },
    ));

  test('writes a commit once, however often and wherever it is appended', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 20 }), (repeats) =>
        withFixture(make, async (store) => {
          for (let version = 1; version <= 6; version++) {
            const once = append(store, 'a', version, { commitId: `c${version}` });
            const again = repeats.filter((repeat) => repeat <= version);
            const answers = await Promise.all([
              once,
              ...again.map((repeat) => append(store, 'a', repeat, { commitId: `c${repeat}` })),
            ]);
            expect(new Set(answers)).toEqual(new Set(['appended']));
          }
          expect((await store.commits('a')).map((commit) => commit.commitId)).toEqual([
            'c1',
            'c2',
            'c3',
            'c4',
            'c5',
            'c6',
          ]);
          expect((await store.head('a'))?.version).toBe(6);
        }),
      ),
      { numRuns: 15 },
    ));
}
