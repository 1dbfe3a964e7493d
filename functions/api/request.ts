import { Refusal } from '../../lib/domain/refusal.ts';

/** One HTTP request, whatever runtime it came through. */
export interface ApiRequest {
  readonly method: string;
  /** As sent, percent-encoded, without query. */
  readonly path: string;
  /** As sent, percent-encoded, without `?`. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Aborts when the client goes away. */
  readonly signal?: AbortSignal;
  /** The client is on this machine. */
  readonly loopback?: boolean;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Octets that a request's body may have. */
export const LARGEST_BODY = 256 * 1024;

/** @throws Refusal `BodyTooLarge` */
export function checkSize(octets: number): void {
  if (octets <= LARGEST_BODY) return;
  throw new Refusal('BodyTooLarge', `the body is larger than ${LARGEST_BODY} octets (256 KiB)`, {
    remedy: 'send less at a time: split a file of manifests',
  });
}

const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/**
 * The body as JSON. @returns undefined for no body
 * @throws Refusal `UnsupportedMediaType`, `InvalidJson`
 */
export function readJson({ headers, body }: ApiRequest): unknown {
  if (body.length === 0) return undefined;
  const type = headers['content-type'];
  if (type === undefined || !JSON_TYPE.test(type)) {
    throw new Refusal('UnsupportedMediaType', `the body is ${type ? 'of another type' : 'of no named type'}`, {
      remedy: 'send JSON with Content-Type: application/json',
    });
  }
  return parseJson(body);
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    // The parser's words quote the input, which may hold secrets: only the place is told.
    const [place = ''] = /(?:at )?position \d+(?: \(line \d+ column \d+\))?/.exec((error as Error).message) ?? [];
    throw new Refusal('InvalidJson', `the body is not valid JSON in UTF-8 ${place}`.trimEnd(), {
      remedy: 'correct the JSON',
    });
  }
}

/**
 * Query parameters by name.
 * @throws Refusal `InvalidQuery` for a parameter that is there twice
 */
export function readQuery(query: string): Record<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (found.has(name)) throw new Refusal('InvalidQuery', 'a parameter is given twice', { field: `query.${name}` });
    found.set(name, value);
  }
  return Object.fromEntries(found);
}
