import type { Instant } from '../domain/time.ts';

/** Time and chance, injected so that the core stays pure. */
export interface Clock {
  now(): Instant;
}

export interface Ids {
  /** A UUID, version 4. */
  uuid(): string;
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string;
  /** In [0, 1), for jitter. */
  random(): number;
}
