import type { FeedRecord } from '../../ports/feed.ts';
import { FeedLanes } from './feedLanes.ts';

/** The ledger as a consumer reads it, and where the consumer's place in it is kept. */
export interface FeedLog {
  /** A page of the records after `position`, in order. */
  read(position: number): Promise<readonly FeedRecord[]>;
  checkpoint(consumer: string): number;
  store(consumer: string, position: number): Promise<void>;
}

/** As in FeedOptions, all given. */
export interface FeedSettings {
  readonly pageSize: number;
  readonly firstPause: number;
  readonly longestPause: number;
  readonly checkpointEvery: number;
  readonly onError: (error: unknown, consumer: string, record?: FeedRecord) => void;
}

/** Who reads: its name, its handler, and how many streams it handles at the same time. */
export interface Subscription {
  readonly consumer: string;
  readonly handler: (record: FeedRecord) => Promise<void>;
  readonly lanes: number;
}

// While one stream's record fails, others go this far past it: a restart would bring them all again.
const FURTHEST_AHEAD = 65_536;

/** One consumer's way through the ledger: reads pages, hands their records out, stores its place, and sleeps when there is no more. */
export class FeedConsumer {
  readonly #subscription: Subscription;
  readonly #log: FeedLog;
  readonly #settings: FeedSettings;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #done = 0;
  #more = true;
  #wakeUp: (() => void) | undefined;
  #waiters: { readonly position: number; readonly resolve: () => void }[] = [];

  constructor(subscription: Subscription, log: FeedLog, settings: FeedSettings) {
    this.#subscription = subscription;
    this.#log = log;
    this.#settings = settings;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Something was appended. */
  wake(): void {
    this.#more = true;
    this.#wakeUp?.();
  }

  /** Resolves when every record up to `position` was handled. */
  reached(position: number): Promise<void> {
    if (this.#done >= position) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ position, resolve }));
  }

  /** Resolves when no handler runs and the checkpoint is stored. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { consumer } = this.#subscription;
    const begin = (await this.#persist(() => this.#log.checkpoint(consumer))) ?? 0;
    const lanes = new FeedLanes(
      this.#subscription.lanes,
      (record) => this.#handle(record),
      () => this.#progressed(lanes),
      begin,
    );
    this.#advance(begin);
    let read = begin;
    let stored = begin;
    let storedAt = Number.NEGATIVE_INFINITY;
    while (!this.#stopping.signal.aborted) {
      if (this.#more && this.#hasRoom(lanes)) {
        this.#more = false;
        const page = (await this.#persist(() => this.#log.read(read))) ?? [];
        read = page.at(-1)?.position ?? read;
        this.#more ||= page.length === this.#settings.pageSize;
        lanes.add(page);
      }
      const delay = this.#storableIn(lanes, stored, storedAt);
      if (delay <= 0) {
        stored = lanes.done;
        storedAt = performance.now();
        await this.#persist(() => this.#log.store(consumer, stored));
        continue;
      }
      const idle = !(this.#more && this.#hasRoom(lanes));
      if (idle && !this.#stopping.signal.aborted) await this.#sleep(delay);
    }
    await lanes.settled();
    if (lanes.done > stored) await this.#persist(() => this.#log.store(consumer, lanes.done));
  }

  #hasRoom(lanes: FeedLanes): boolean {
    return lanes.waiting < this.#settings.pageSize && lanes.ahead < FURTHEST_AHEAD;
  }

  /** Milliseconds until the place is to be stored: at once after a page, and now and then when nothing waits. */
  #storableIn(lanes: FeedLanes, stored: number, storedAt: number): number {
    const { pageSize, checkpointEvery } = this.#settings;
    if (lanes.done - stored >= pageSize) return 0;
    if (lanes.done === stored || lanes.waiting > 0) return Number.POSITIVE_INFINITY;
    return storedAt + checkpointEvery - performance.now();
  }

  #progressed(lanes: FeedLanes): void {
    this.#advance(lanes.done);
    this.#wakeUp?.();
  }

  /** Calls the handler until it succeeds; answers false when the consumer stops first. */
  async #handle(record: FeedRecord): Promise<boolean> {
    for (let attempt = 0; !this.#stopping.signal.aborted; attempt++) {
      try {
        await this.#subscription.handler(record);
        return true;
      } catch (error) {
        this.#settings.onError(error, this.#subscription.consumer, record);
        await this.#pause(attempt);
      }
    }
    return false;
  }

  /** Tries to read or write the consumer's place until that succeeds: a full disk, say, must end the feed's sleep, not its life. */
  async #persist<T>(work: () => T | Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        this.#settings.onError(error, this.#subscription.consumer);
        if (this.#stopping.signal.aborted) return undefined;
        await this.#pause(attempt);
      }
    }
  }

  #advance(position: number): void {
    this.#done = position;
    if (!this.#waiters.some((waiter) => waiter.position <= position)) return;
    const reached = this.#waiters.filter((waiter) => waiter.position <= position);
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > position);
    for (const waiter of reached) waiter.resolve();
  }

  /** Until something happens, at most `longest` milliseconds. */
  async #sleep(longest: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wakeUp = resolve;
      if (Number.isFinite(longest)) timer = setTimeout(resolve, longest);
    });
    clearTimeout(timer);
    this.#wakeUp = undefined;
  }

  async #pause(attempt: number): Promise<void> {
    const { firstPause, longestPause } = this.#settings;
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(end, Math.min(firstPause * 2 ** attempt, longestPause));
      function end(): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      }
      signal.addEventListener('abort', end);
    });
  }
}
