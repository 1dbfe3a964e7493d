import { createHash } from 'node:crypto';
import type { DueStream } from '../../ports/eventStore.ts';
import { COMMIT_PREFIX } from './tables.ts';

/** Sort key of a stream's head row. */
export const HEAD = 'head';

/** Digits of a version in a sort key, so that the order of texts is the order of versions. */
const DIGITS = 12;

/** Sort key of a commit's row. */
export const commitKey = (version: number): string => COMMIT_PREFIX + String(version).padStart(DIGITS, '0');

/** The version in a commit's sort key; NaN for any other key. */
export const versionOf = (item: string): number =>
  item.startsWith(COMMIT_PREFIX) ? Number(item.slice(COMMIT_PREFIX.length)) : Number.NaN;

/**
 * How many partitions an index or a view is spread over, so that none of them takes every write. It is storage: with another number what was
 * written before is not found.
 */
const SHARDS = 16;

/** The shards, for whoever reads them all. */
export const shards: readonly string[] = Array.from({ length: SHARDS }, (_, index) => String(index).padStart(2, '0'));

/** The shard of a stream or of a view's row: a hash, because names that are made together look alike. */
export const shardOf = (name: string): string => shards[createHash('sha256').update(name).digest()[0]! % SHARDS]!;

/** Sort key of the due index: by time, then by stream. Instants have one width and streams no spaces before their first character. */
export const dueKey = (dueAt: string, stream: string): string => `${dueAt} ${stream}`;

/** Bytes of the longest name of a stream: a sort key has at most 1024, and that of the due index begins with an instant and a space. */
export const LONGEST_STREAM = 999;

/** The least text above every due key of this instant: `!` follows the space. */
export const afterInstant = (dueAt: string): string => `${dueAt}!`;

/** A due key's time. */
export const dueAtOf = (key: string): DueStream['dueAt'] => key.slice(0, key.indexOf(' '));

/** Behind every text that begins with a prefix: the prefix and the last code point. */
export const lastOf = (prefix: string): string => `${prefix}\u{10FFFF}`;

/** A text's place in DynamoDB's order of strings, which is that of their UTF-8 bytes. JavaScript's own differs beyond U+FFFF. */
export const byteOrder = (text: string): Uint8Array => Buffer.from(text, 'utf8');
