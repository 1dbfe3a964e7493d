import { StaleVersion } from '../../lib/application/ledger.ts';
import { Refusal } from '../../lib/domain/refusal.ts';
import type { ApiRequest } from './request.ts';

/** RFC 9110 13.1: what a client says the resource must be. Entity tags are versions of streams. */
export interface Preconditions {
  readonly ifMatch?: '*' | readonly number[];
  readonly ifNoneMatch?: '*' | readonly number[];
}

/** The resource now. A deleted one does not exist and has a version. */
export interface Current {
  readonly exists: boolean;
  readonly version: number;
}

export const etag = (version: number): string => `"${version}"`;

/** @throws Refusal `InvalidPrecondition` for a header that is no list of entity tags */
export function readPreconditions({ headers }: Pick<ApiRequest, 'headers'>): Preconditions {
  const ifMatch = readTags(headers['if-match'], 'If-Match');
  const ifNoneMatch = readTags(headers['if-none-match'], 'If-None-Match');
  return { ...(ifMatch && { ifMatch }), ...(ifNoneMatch && { ifNoneMatch }) };
}

/** Tags that are no versions are kept as one that no resource has: they match nothing. */
function readTags(text: string | undefined, header: string): '*' | number[] | undefined {
  if (text === undefined) return undefined;
  if (text.trim() === '*') return '*';
  const tags = text.split(',').map((tag) => /^\s*(W\/)?"([\x21\x23-\x7e]*)"\s*$/.exec(tag));
  if (tags.some((tag) => tag === null)) {
    throw new Refusal('InvalidPrecondition', `${header} is no list of entity tags`, {
      field: header,
      remedy: 'send an ETag as it was answered, with its quotes, or *',
    });
  }
  return tags.map((tag) => (tag![1] === undefined && /^\d{1,15}$/.test(tag![2]!) ? Number(tag![2]) : -1));
}

/**
 * Judges the preconditions.
 * @returns the version that the change must find, where that matters
 * @throws StaleVersion when they do not hold
 */
export function expectedVersion({ ifMatch, ifNoneMatch }: Preconditions, current: Current): number | undefined {
  const { exists, version } = current;
  const matches = (tags: '*' | readonly number[]) => exists && (tags === '*' || tags.includes(version));
  if (ifMatch !== undefined && !matches(ifMatch)) throw new StaleVersion(exists ? version : 0);
  if (ifNoneMatch !== undefined && matches(ifNoneMatch)) throw new StaleVersion(version);
  const atomic = (ifMatch !== undefined && ifMatch !== '*') || ifNoneMatch !== undefined;
  return atomic ? version : undefined;
}

const ATTEMPTS = 5;

/**
 * Changes a resource under preconditions. When it moved between the look and the change, they are judged again: only what they forbid fails.
 * @throws StaleVersion when they do not hold
 */
export async function conditionally<T>(
  preconditions: Preconditions,
  look: () => Promise<Current>,
  change: (expected: number | undefined) => Promise<T>,
): Promise<T> {
  if (preconditions.ifMatch === undefined && preconditions.ifNoneMatch === undefined) return change(undefined);
  for (let attempt = 1; ; attempt++) {
    const expected = expectedVersion(preconditions, await look());
    try {
      return await change(expected);
    } catch (error) {
      if (!(error instanceof StaleVersion) || attempt === ATTEMPTS) throw error;
    }
  }
}
