import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { ConflictError, fold, hashCommit, Ledger, StaleVersion } from '../../lib/application/ledger.ts';
import type { Decider } from '../../lib/domain/decider.ts';
import { Refusal } from '../../lib/domain/refusal.ts';
import { type Instant, instant, millis } from '../../lib/domain/time.ts';
import type { EventStore } from '../../lib/ports/eventStore.ts';
import { systemIds } from '../../server/system.ts';
import { START } from '../support/decider.ts';
import { type TestServices, testServices } from '../support/services.ts';

/** A toy: a basket of words. It is here for what the ledger does with any decider. */
interface Basket {
  readonly words: readonly string[];
  readonly at: readonly Instant[];
}
type Put = { readonly type: 'Put'; readonly word: string };
type Added = { readonly type: 'Added'; readonly word: string };
const basket: Decider<Put, Basket, Added> = {
  category: 'basket',
  evolveVersion: 1,
  initialState: { words: [], at: [] },
  decide({ word }, state) {
    if (word === '') throw new Refusal('WordEmpty', 'a word has letters');
    return state.words.includes(word) ? [] : [{ type: 'Added', word }];
  },
  evolve: (state, { word }, at) => ({ words: [...state.words, word], at: [...state.at, at] }),
  dueAt: (state) => (state.words.includes('later') ? START : undefined),
};
const put = (word: string): Put => ({ type: 'Put', word });
const meta = { actor: 'test' };
const STREAM = 'basket/one';

const open: TestServices[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
function services(clock?: { now: () => Instant }): TestServices['services'] {
  const made = testServices(clock ? { clock } : {});
  open.push(made);
  return made.services;
}

describe('handling a command', () => {
  it('appends what was decided, with the actor, the order of versions and what led to it', async () => {
    const { ledger, store } = services();
    const { events, state, version } = await ledger.handle(basket, STREAM, put('a'), {
      actor: 'anna',
      correlationId: 'c',
      causationId: 'd',
    });
    expect([events, state.words, version]).toEqual([[{ type: 'Added', word: 'a' }], ['a'], 1]);
    const [commit] = await store.commits(STREAM);
    expect(commit).toMatchObject({ version: 1, actor: 'anna', correlationId: 'c', causationId: 'd', previousHash: '' });
  });

  it('writes nothing when nothing was decided, or when the command is refused', async () => {
    const { ledger, store } = services();
    await ledger.handle(basket, STREAM, put('a'), meta);
    expect((await ledger.handle(basket, STREAM, put('a'), meta)).events).toEqual([]);
    await expect(ledger.handle(basket, STREAM, put(''), meta)).rejects.toMatchObject({ code: 'WordEmpty' });
    expect(await store.commits(STREAM)).toHaveLength(1);
  });

  it('decides several commands one on what the other led to, and one commit holds all events', async () => {
    const { ledger, store } = services();
    const { events, version } = await ledger.handleAll(basket, STREAM, [put('a'), put('a'), put('b')], meta);
    expect([events, version]).toEqual([
      [
        { type: 'Added', word: 'a' },
        { type: 'Added', word: 'b' },
      ],
      1,
    ]);
    const commits = await store.commits(STREAM);
    expect(commits.map((commit) => commit.events)).toEqual([events]);
    expect(fold(basket, basket.initialState, commits)).toEqual((await ledger.load(basket, STREAM)).state);
  });

  it('writes nothing of several commands when one of them is refused', async () => {
    const { ledger, store } = services();
    await expect(ledger.handleAll(basket, STREAM, [put('a'), put('')], meta)).rejects.toMatchObject({
      code: 'WordEmpty',
    });
    expect(await store.commits(STREAM)).toEqual([]);
  });

  it('refuses a version that is not the one that the caller saw', async () => {
    const { ledger } = services();
    await ledger.handle(basket, STREAM, put('a'), meta, 0);
    const stale = ledger.handle(basket, STREAM, put('b'), meta, 0);
    await expect(stale).rejects.toBeInstanceOf(StaleVersion);
    await expect(stale).rejects.toMatchObject({ version: 1 });
    await ledger.handle(basket, STREAM, put('b'), meta, 1);
  });

  it('decides again when another writer was first, ten times, and then says so', async () => {
    const real = services();
    let conflicts = 9;
    let reads = 0;
    const store: EventStore = {
      ...real.store,
      head: (stream) => {
        reads++;
        return real.store.head(stream);
      },
      append: async (...args) => (conflicts-- > 0 ? 'conflict' : real.store.append(...args)),
    };
    const ledger = new Ledger(store, real.clock, systemIds);
    await ledger.handle(basket, STREAM, put('a'), meta);
    expect(reads).toBe(10);
    conflicts = 10;
    await expect(ledger.handle(basket, STREAM, put('b'), meta)).rejects.toBeInstanceOf(ConflictError);
    expect((await real.ledger.load(basket, STREAM)).state.words).toEqual(['a']);
  });

  it('decides by the state that the other writer left', async () => {
    const real = services();
    let first = true;
    const store: EventStore = {
      ...real.store,
      async append(...args) {
        if (first) {
          first = false;
          await real.ledger.handle(basket, STREAM, put('a'), meta);
        }
        return real.store.append(...args);
      },
    };
    const { events, version } = await new Ledger(store, real.clock, systemIds).handle(basket, STREAM, put('a'), meta);
    expect([events, version]).toEqual([[], 1]);
  });

  it('keeps commits in order of time when the clock goes back, and lets the decision see the real time', async () => {
    let now = START;
    const seen: Instant[] = [];
    const watching = {
      ...basket,
      decide(command: Put, state: Basket, at: Instant) {
        seen.push(at);
        return basket.decide(command, state, at);
      },
    };
    const { ledger, store } = services({ now: () => now });
    await ledger.handle(watching, STREAM, put('a'), meta);
    now = instant(millis(START) - 86_400_000);
    await ledger.handle(watching, STREAM, put('b'), meta);
    now = instant(millis(START) + 86_400_000);
    await ledger.handle(watching, STREAM, put('c'), meta);
    const ats = (await store.commits(STREAM)).map((commit) => commit.at);
    expect(ats).toEqual([START, START, now]);
    expect(seen).toEqual([START, instant(millis(START) - 86_400_000), now]);
  });
});

describe('the chain of hashes', () => {
  it('holds over a stream, and breaks where a commit is changed', async () => {
    const { ledger, store } = services();
    for (const word of ['a', 'b', 'c', 'd']) await ledger.handle(basket, STREAM, put(word), meta);
    const commits = await store.commits(STREAM);
    const chain = (list: typeof commits): boolean =>
      list.every(({ hash, ...content }, index) => {
        return hash === hashCommit(content) && content.previousHash === (list[index - 1]?.hash ?? '');
      });
    expect(chain(commits)).toBe(true);
    expect((await store.head(STREAM))?.hash).toBe(commits.at(-1)?.hash);
    const forged = commits.with(1, { ...commits[1]!, actor: 'somebody else' });
    expect(chain(forged)).toBe(false);
    expect(chain(commits.toSpliced(1, 1))).toBe(false);
  });
});

describe('loading', () => {
  it('takes the snapshot of its own version, and folds anew for another', async () => {
    const { ledger } = services();
    await ledger.handle(basket, STREAM, put('a'), meta);
    await ledger.handle(basket, STREAM, put('b'), meta);
    const shouting: typeof basket = {
      ...basket,
      evolve: (state, event, at) => basket.evolve(state, { ...event, word: event.word.toUpperCase() }, at),
    };
    expect((await ledger.load(shouting, STREAM)).state.words).toEqual(['a', 'b']);
    const newer = { ...shouting, evolveVersion: 2 };
    expect((await ledger.load(newer, STREAM)).state.words).toEqual(['A', 'B']);
    await ledger.handle(newer, STREAM, put('c'), meta);
    expect((await ledger.load(newer, STREAM)).state.words).toEqual(['A', 'B', 'C']);
    expect((await ledger.load(basket, STREAM)).state.words).toEqual(['a', 'b', 'c']);
  });

  it('shows a stream as it was at a time', async () => {
    let now = START;
    const { ledger } = services({ now: () => now });
    await ledger.handle(basket, STREAM, put('a'), meta);
    now = instant(millis(START) + 60_000);
    await ledger.handle(basket, STREAM, put('b'), meta);
    const at = async (seconds: number) => {
      const { state, version } = await ledger.loadAt(basket, STREAM, instant(millis(START) + seconds * 1000));
      return [state.words, version];
    };
    expect(await at(-1)).toEqual([[], 0]);
    expect(await at(0)).toEqual([['a'], 1]);
    expect(await at(59)).toEqual([['a'], 1]);
    expect(await at(60)).toEqual([['a', 'b'], 2]);
  });
});

it('loses nothing, however two writers come between one another', async () => {
  const { ledger, store, clock } = services();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'later'), { maxLength: 8 }),
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'later'), { maxLength: 8 }),
      fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }),
      async (left, right, pauses) => {
        const stream = `basket/${run++}`;
        let turn = 0;
        const pause = async (): Promise<void> => {
          for (let n = pauses[turn++ % pauses.length]!; n > 0; n--) await new Promise(setImmediate);
        };
        const slow: EventStore = {
          ...store,
          async head(name) {
            await pause();
            const head = await store.head(name);
            await pause();
            return head;
          },
        };
        const writer = new Ledger(slow, clock, systemIds);
        // Who is always overtaken is told so, and then nothing was written.
        const expected: string[] = [];
        const write = async (words: readonly string[], by: string): Promise<void> => {
          for (const word of words) {
            try {
              await writer.handle(basket, stream, put(`${by}${word}`), meta);
              expected.push(`${by}${word}`);
            } catch (error) {
              if (!(error instanceof ConflictError)) throw error;
            }
          }
        };
        await Promise.all([write(left, 'l-'), write(right, 'r-'), write(['same'], '')]);

        const commits = await store.commits(stream);
        const { state, version } = await ledger.load(basket, stream);
        expect([...state.words].sort()).toEqual([...new Set(expected)].sort());
        expect(commits.map((commit) => commit.version)).toEqual(commits.map((_, index) => index + 1));
        expect(version).toBe(commits.length);
        expect(JSON.parse(JSON.stringify(fold(basket, basket.initialState, commits)))).toEqual(state);
      },
    ),
    { numRuns: 60 },
  );
});
