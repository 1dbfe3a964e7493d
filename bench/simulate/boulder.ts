import { DAY, HOUR } from './calendar.ts';

/** A limit as Let's Encrypt counts it: so many, and so many back within the period, evenly. Milliseconds. */
interface Limit {
  readonly count: number;
  readonly period: number;
}

const LIMITS = {
  newOrders: { count: 300, period: 3 * HOUR },
  certificatesPerDomain: { count: 50, period: 7 * DAY },
  certificatesPerSet: { count: 5, period: 7 * DAY },
  failedValidations: { count: 5, period: HOUR },
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;

/**
 * The CA's own books, kept apart from the product's: a generic cell rate algorithm for each key, as Boulder has it. `at` in milliseconds.
 * https://github.com/letsencrypt/boulder/blob/main/ratelimits/gcra.go
 */
export class Books {
  /** Theoretical arrival times, by limit and key. */
  readonly #times = new Map<string, number>();

  /** Milliseconds until one more is allowed; 0: now. */
  wait(name: LimitName, key: string, at: number): number {
    const { count, period } = LIMITS[name];
    const time = Math.max(this.#times.get(`${name} ${key}`) ?? 0, at);
    return Math.max(0, time + period / count - period - at);
  }

  /** Counts one. */
  spend(name: LimitName, key: string, at: number): void {
    const { count, period } = LIMITS[name];
    const time = Math.max(this.#times.get(`${name} ${key}`) ?? 0, at);
    this.#times.set(`${name} ${key}`, time + period / count);
  }

  /** Forgets what is full again. */
  sweep(at: number): void {
    for (const [key, time] of this.#times) if (time <= at) this.#times.delete(key);
  }
}
