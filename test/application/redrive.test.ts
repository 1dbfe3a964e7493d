import { afterEach, beforeEach, expect, it } from 'vitest';
import { project, TEAMS } from '../../lib/application/projections.ts';
import { type RedrivePlace, redrive } from '../../lib/application/redrive.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import type { DeadLetter, DeadLetters, Reader } from '../../lib/ports/deadLetters.ts';
import { type TestServices, testServices } from '../support/services.ts';

let made: TestServices;
let now: string;
/** What a queue holds: a letter that was received is hidden. */
let queue: { readonly letter: DeadLetter; hidden: boolean }[];
let told: { readonly reader: Reader; readonly stream: string; readonly version: number }[];
let broken: string[];

beforeEach(async () => {
  now = '2026-01-01T00:00:00.000Z';
  queue = [];
  told = [];
  broken = [];
  made = testServices({ clock: { now: () => now } });
});
afterEach(() => made.close());

/** The reader `project` does its work; `react` only writes down what it was told. */
const deadLetters: DeadLetters = {
  async receive(limit) {
    const found = queue.filter(({ hidden }) => !hidden).slice(0, limit);
    for (const one of found) one.hidden = true;
    return found.map(({ letter }) => letter);
  },
  async remove(receipt) {
    queue = queue.filter(({ letter }) => letter.receipt !== receipt);
  },
  async again(reader, commits) {
    for (const { stream, version } of commits) told.push({ reader, stream, version });
    if (reader === 'project') for (const { stream } of commits) await project(made.services, stream);
    return [...new Set(commits.map(({ stream }) => stream).filter((stream) => broken.includes(stream)))];
  },
};

const put = (letter: Omit<DeadLetter, 'receipt'>) =>
  void queue.push({ letter: { receipt: `r${queue.length}`, ...letter }, hidden: false });

async function putTeam(name: string, at: string, names: string[] = []): Promise<void> {
  now = at;
  const policy = policyOf(name, { names });
  await made.services.ledger.handle(teamDecider, teamStream(name), { type: 'Put', policy }, { actor: 'test' });
}

/** Turn after turn, as the command line asks. */
async function all() {
  const total = { letters: 0, unknown: 0, streams: 0, failed: [] as string[], turns: 0 };
  let place: RedrivePlace | undefined;
  do {
    const { next, ...turn } = await redrive({ ...made.services, deadLetters }, place);
    total.letters += turn.letters;
    total.unknown += turn.unknown;
    total.streams += turn.streams;
    total.failed.push(...turn.failed);
    total.turns++;
    place = next;
  } while (place);
  return total;
}

const DAY = '2026-01-02T';

it('Without letters nothing is read and nothing is done', async () => {
  expect(await all()).toEqual({ letters: 0, unknown: 0, streams: 0, failed: [], turns: 1 });
});

it('A row that was given up is there again, though nobody knows which it was; the letter is gone', async () => {
  await putTeam('old', '2026-01-01T12:00:00.000Z');
  await putTeam('lost', `${DAY}12:00:00.000Z`);
  await made.projected();
  await made.services.views.clear();
  put({ kind: 'feed', reader: 'project', from: `${DAY}12:00:01.000Z`, to: `${DAY}12:00:01.000Z` });
  expect(await all()).toMatchObject({ letters: 1, streams: 1, failed: [] });
  const rows = await made.services.views.list(TEAMS, { limit: 10 });
  expect(rows.map(({ owner }) => owner)).toEqual(['lost']);
  expect(queue).toEqual([]);
});

it('Reactions are handed the commits of that time, in order, and no others', async () => {
  await putTeam('a', `${DAY}10:00:00.000Z`, ['one']);
  await putTeam('a', `${DAY}12:00:00.000Z`, ['two']);
  await putTeam('a', `${DAY}12:01:00.000Z`, ['three']);
  await putTeam('a', `${DAY}14:00:00.000Z`, ['four']);
  await putTeam('b', `${DAY}14:00:00.000Z`);
  put({ kind: 'feed', reader: 'react', from: `${DAY}12:00:00.000Z`, to: `${DAY}12:00:30.000Z` });
  await all();
  expect(told).toEqual([2, 3].map((version) => ({ reader: 'react', stream: 'team/a', version })));
});

it('Letters of both readers and of several times are one turn through the ledger', async () => {
  for (let n = 0; n < 30; n++) await putTeam(`t${n}`, `${DAY}12:00:00.000Z`);
  put({ kind: 'feed', reader: 'project', from: `${DAY}12:00:00.000Z`, to: `${DAY}12:00:00.000Z` });
  put({ kind: 'feed', reader: 'react', from: `${DAY}12:00:00.000Z`, to: `${DAY}12:00:00.000Z` });
  put({ kind: 'feed', reader: 'react', from: `${DAY}18:00:00.000Z`, to: `${DAY}18:00:00.000Z` });
  expect(await all()).toMatchObject({ letters: 3, streams: 60 });
  expect(told.filter(({ reader }) => reader === 'react')).toHaveLength(30);
});

it('A letter that says no time is about the whole ledger', async () => {
  await putTeam('a', '2026-01-01T12:00:00.000Z');
  await putTeam('b', `${DAY}12:00:00.000Z`);
  put({ kind: 'feed', reader: 'react' });
  expect(await all()).toMatchObject({ letters: 1, streams: 2 });
});

it('Where a stream cannot be handled again, the letter stays, and the stream is named', async () => {
  await putTeam('a', `${DAY}12:00:00.000Z`);
  await putTeam('b', `${DAY}12:00:00.000Z`);
  broken = ['team/a'];
  put({ kind: 'feed', reader: 'react', from: `${DAY}12:00:00.000Z`, to: `${DAY}12:00:00.000Z` });
  expect(await all()).toMatchObject({ letters: 0, streams: 2, failed: ['team/a'] });
  expect(queue).toHaveLength(1);
  broken = [];
  queue[0]!.hidden = false;
  expect(await all()).toMatchObject({ letters: 1, failed: [] });
});

it('A stream that cannot be read does not keep the others', async () => {
  await putTeam('a', `${DAY}12:00:00.000Z`);
  await putTeam('b', `${DAY}12:00:00.000Z`);
  put({ kind: 'feed', reader: 'react', from: `${DAY}12:00:00.000Z`, to: `${DAY}12:00:00.000Z` });
  const { store } = made.services;
  const services = {
    ...made.services,
    deadLetters,
    store: {
      ...store,
      streams: store.streams,
      head: store.head,
      async commits(stream: string) {
        if (stream === 'team/a') throw new Error('damaged');
        return store.commits(stream);
      },
    },
  };
  const { next } = await redrive(services);
  expect(await redrive(services, next)).toMatchObject({ letters: 0, failed: ['team/a'] });
  expect(told.map(({ stream }) => stream)).toEqual(['team/b']);
});

it('What the schedule could not start is gone at once; what nobody knows stays', async () => {
  put({ kind: 'schedule' });
  put({ kind: 'unknown' });
  expect(await all()).toMatchObject({ letters: 1, unknown: 1, streams: 0 });
  expect(queue.map(({ letter }) => letter.kind)).toEqual(['unknown']);
});

it('More letters than are worked off together are worked off one after the other', async () => {
  for (let n = 0; n < 23; n++)
    put({ kind: 'feed', reader: 'react', from: `${DAY}12:00:00.000Z`, to: `${DAY}12:00:00.000Z` });
  expect(await all()).toMatchObject({ letters: 23 });
  expect(queue).toEqual([]);
});
