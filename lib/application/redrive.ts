import { inLanes } from '../async/lanes.ts';
import { type Instant, plusSeconds } from '../domain/time.ts';
import type { DeadLetter, DeadLetters, Reader } from '../ports/deadLetters.ts';
import type { Commit } from '../ports/eventStore.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'store' | 'log'> & { readonly deadLetters: DeadLetters };

/** Letters that are worked off together: each turn through the ledger is for all of them. */
const LETTERS = 10;

/** Streams whose commits are handed on together: few, so that a turn does not last much longer than it should. */
const PAGE = 25;

/** Milliseconds of work after which a turn ends. API Gateway ends a request after 30 s, and the last page may take a while. */
const TURN = 10_000;

/** Seconds by which a commit's own time and that of its arrival in the feed may differ: clocks, and attempts to write it. */
const SLACK = 600;

/** Streams that are named at most where they could not be handled. */
const NAMED = 20;

/** Where the next turn goes on. It goes through the hands of whoever asks. */
export interface RedrivePlace {
  /** Letters that are being worked off; with none, the next turn looks for more. */
  readonly letters: readonly DeadLetter[];
  /** The last stream that was looked at. */
  readonly after?: string;
  /** Some stream could not be handled: the letters stay. */
  readonly broken?: boolean;
}

/** What one turn did. */
export interface Redriven {
  /** Letters that are repaired and gone. */
  readonly letters: number;
  /** Letters that nobody knows, which stay. */
  readonly unknown: number;
  /** How often commits of a stream were handed to a reader again. */
  readonly streams: number;
  /** Streams that could not be handled once more, the first of them; their letters stay. */
  readonly failed: readonly string[];
  /** Absent when there is no letter left. */
  readonly next?: RedrivePlace;
}

/**
 * Works off dead letters, as far as a few seconds reach. A letter says when the commits that it is about were written, and no more; the stream's
 * records live for a day. So the repair is made from the ledger: all commits of that time are handed once more to the reader that gave up, which
 * changes nothing where it had handled them. Then the letters are removed. What the schedule could not start, the next scan has done.
 * @param place from the turn before; absent at the beginning
 */
export async function redrive(services: Needs, place: RedrivePlace = { letters: [] }): Promise<Redriven> {
  if (place.letters.length > 0) return repair(services, place);
  const { deadLetters } = services;
  const letters = await deadLetters.receive(LETTERS);
  const of = (kind: DeadLetter['kind']) => letters.filter((letter) => letter.kind === kind);
  for (const { receipt } of of('schedule')) await deadLetters.remove(receipt);
  return {
    letters: of('schedule').length,
    unknown: of('unknown').length,
    streams: 0,
    failed: [],
    ...(letters.length > 0 && { next: { letters: of('feed') } }),
  };
}

async function repair(services: Needs, { letters, after: from, broken = false }: RedrivePlace): Promise<Redriven> {
  const { store, deadLetters } = services;
  const until = performance.now() + TURN;
  const windows = windowsOf(letters);
  const failed: string[] = [];
  let after = from;
  let streams = 0;
  for (;;) {
    const page = await store.streams('', PAGE, after);
    for (const window of windows) {
      const done = await handOn(services, window, page);
      streams += done.streams;
      failed.push(...done.failed);
    }
    after = page.at(-1) ?? after;
    const stays = broken || failed.length > 0;
    const found = { unknown: 0, streams, failed: failed.slice(0, NAMED) };
    if (page.length < PAGE) {
      if (!stays) for (const { receipt } of letters) await deadLetters.remove(receipt);
      return { ...found, letters: stays ? 0 : letters.length, next: { letters: [] } };
    }
    if (performance.now() > until) return { ...found, letters: 0, next: { letters, after, broken: stays } };
  }
}

/** Hands the commits that some streams have of a time to the reader that may not have handled them. */
async function handOn({ store, deadLetters, log }: Needs, { reader, from, to }: Window, page: readonly string[]) {
  const failed: string[] = [];
  const found = await inLanes(page, async (stream) => {
    try {
      return await commitsOf(store, stream, from, to);
    } catch (error) {
      log.error('redrive: a stream cannot be read', { stream, error: (error as Error).message });
      failed.push(stream);
      return [];
    }
  });
  // A row is made from its stream's newest state: one hint is enough.
  const wanted = found.map((commits) => (reader === 'project' ? commits.slice(-1) : commits));
  const touched = wanted.filter((commits) => commits.length > 0);
  if (touched.length > 0) failed.push(...(await deadLetters.again(reader, touched.flat())));
  return { streams: touched.length, failed };
}

interface Window {
  readonly reader: Reader;
  readonly from: Instant;
  readonly to: Instant;
}

/** Before, and after, all that there is. */
const EVER = { from: '', to: '9' } as const;

/** For each reader, the whole time that its letters are about. */
function windowsOf(letters: readonly DeadLetter[]): Window[] {
  return (['project', 'react'] as const).flatMap((reader) => {
    const mine = letters.filter((letter) => letter.reader === reader);
    if (mine.length === 0) return [];
    const from = mine.map((letter) => (letter.from ? plusSeconds(letter.from, -SLACK) : EVER.from)).sort()[0]!;
    const to = mine
      .map((letter) => (letter.to ? plusSeconds(letter.to, SLACK) : EVER.to))
      .sort()
      .at(-1)!;
    return [{ reader, from, to }];
  });
}

/** The stream's commits of that time. A stream that was not touched since costs one read. */
async function commitsOf(store: Needs['store'], stream: string, from: Instant, to: Instant): Promise<Commit[]> {
  const head = await store.head(stream);
  if (!head || head.at < from) return [];
  return (await store.commits(stream)).filter(({ at }) => at >= from && at <= to);
}
