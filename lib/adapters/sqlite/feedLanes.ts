import type { FeedRecord } from '../../ports/feed.ts';

/**
 * Hands records to a handler: those of one stream one after another, up to `lanes` streams at the same time. Knows up to which position all
 * is done.
 */
export class FeedLanes {
  readonly #lanes: number;
  readonly #handle: (record: FeedRecord) => Promise<boolean>;
  readonly #progressed: () => void;
  readonly #streams = new Map<string, FeedRecord[]>();
  readonly #running = new Set<Promise<void>>();
  /** Streams with records and without a lane. */
  readonly #ready: string[] = [];
  /** Positions taken in and not yet below `done`, in order; the first `#gone` of them are history. */
  #positions: number[] = [];
  #gone = 0;
  readonly #handled = new Set<number>();
  #waiting = 0;
  #done: number;

  /**
   * @param lanes how many streams at the same time; with 1 all records are one queue
   * @param handle answers true when the record is done, false when it shall not be tried any more
   * @param progressed called whenever a record was done
   * @param done the position before the first record
   */
  constructor(lanes: number, handle: (record: FeedRecord) => Promise<boolean>, progressed: () => void, done: number) {
    this.#lanes = lanes;
    this.#handle = handle;
    this.#progressed = progressed;
    this.#done = done;
  }

  /** Every record up to here was handled. */
  get done(): number {
    return this.#done;
  }

  /** Records taken in and not handled. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Records handled before one that still waits. A crash would bring them again. */
  get ahead(): number {
    return this.#handled.size;
  }

  /** Takes in the records that follow those before. */
  add(records: readonly FeedRecord[]): void {
    for (const record of records) {
      this.#positions.push(record.position);
      this.#waiting++;
      const stream = this.#lanes === 1 ? '' : record.commit.stream;
      const queue = this.#streams.get(stream);
      if (queue) {
        queue.push(record);
      } else {
        this.#streams.set(stream, [record]);
        this.#ready.push(stream);
      }
    }
    while (this.#running.size < this.#lanes && this.#ready.length > 0) this.#open();
  }

  /** Resolves when no handler runs: after all is handled, or after every one that runs was told to stop. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  #open(): void {
    const lane: Promise<void> = this.#lane().finally(() => this.#running.delete(lane));
    this.#running.add(lane);
  }

  async #lane(): Promise<void> {
    for (let stream = this.#ready.shift(); stream !== undefined; stream = this.#ready.shift()) {
      const queue = this.#streams.get(stream)!;
      for (let next = 0; next < queue.length; next++) {
        if (!(await this.#handle(queue[next]!))) return;
        this.#finish(queue[next]!.position);
      }
      this.#streams.delete(stream);
    }
  }

  #finish(position: number): void {
    this.#waiting--;
    this.#handled.add(position);
    while (this.#handled.delete(this.#positions[this.#gone] as number)) {
      this.#done = this.#positions[this.#gone]!;
      this.#gone++;
    }
    if (this.#gone > 1024) {
      this.#positions = this.#positions.slice(this.#gone);
      this.#gone = 0;
    }
    this.#progressed();
  }
}
