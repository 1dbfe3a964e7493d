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

/** Structured log lines. Fields are facts and references; never keys, tokens, or bodies of other people's answers. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
