import { type Instant, instant } from '../../lib/domain/time.ts';
import { Heap } from './heap.ts';

interface Entry {
  readonly at: number;
  /** Entries of one moment happen in the order in which they were made. */
  readonly order: number;
  readonly work: () => void | Promise<void>;
}

/** A clock that jumps from one event to the next. Milliseconds since 1970. */
export class Timeline {
  #now: number;
  #made = 0;
  #shown: { readonly at: number; readonly text: Instant } = { at: Number.NaN, text: '' };
  readonly #entries = new Heap<Entry>((a, b) => a.at < b.at || (a.at === b.at && a.order < b.order));

  constructor(start: number) {
    this.#now = start;
  }

  get now(): number {
    return this.#now;
  }

  /** As the application's clock tells it. It is asked many times at one moment. */
  readonly instant = (): Instant => {
    if (this.#shown.at !== this.#now) this.#shown = { at: this.#now, text: instant(this.#now) };
    return this.#shown.text;
  };

  at(time: number, work: Entry['work']): void {
    this.#entries.push({ at: Math.max(time, this.#now), order: this.#made++, work });
  }

  /** Lets everything happen that is due until `end`, one after the other, and stands at `end` then. */
  async run(end: number): Promise<void> {
    for (let next = this.#entries.first; next && next.at <= end; next = this.#entries.first) {
      this.#entries.pop();
      this.#now = next.at;
      await next.work();
    }
    this.#now = end;
  }
}
