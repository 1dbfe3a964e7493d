import { type Instant, instant } from '../../domain/time.ts';

/**
 * A CA's JSON that is not what RFC 8555 asks for. The session turns it into an AcmeError; it does not leave the
 * adapter.
 */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer';
}

/**
 * Reads the members of one object of a CA's answer; each method throws MalformedAnswer naming the object and the
 * member.
 */
export interface Reader {
  string(member: string): string;
  optionalString(member: string): string | undefined;
  oneOf<T extends string>(member: string, values: readonly T[]): T;
  /** An absolute http or https URL, as written: a JWS signs the very text. */
  url(member: string): string;
  optionalUrl(member: string): string | undefined;
  urls(member: string): string[];
  instant(member: string): Instant;
  optionalInstant(member: string): Instant | undefined;
  flag(member: string): boolean;
  /** The objects of an array member. */
  objects(member: string): Reader[];
  /** An object member; undefined when it is absent or null. */
  object(member: string): Reader | undefined;
  /** The member as it is. */
  raw(member: string): unknown;
  /** Names of the members. */
  members(): string[];
}

/** RFC 3339, which is what RFC 8555 7.1 asks of times. */
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;
/** An order has at most a hundred names, an authorization a handful of challenges. */
const MAX_ENTRIES = 1000;

/** Whether a text is an absolute URL that the dialler can reach. */
export function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
}

/** @param what names the object in errors: `order`, `authorization`... */
export function reader(what: string, value: unknown): Reader {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedAnswer(`the ${what} is not a JSON object`);
  }
  const object = value as Readonly<Record<string, unknown>>;
  const get = (member: string): unknown => (Object.hasOwn(object, member) ? object[member] : undefined);
  const wrong = (member: string, wanted: string) => new MalformedAnswer(`the ${what}'s "${member}" is not ${wanted}`);
  const absent = (member: string): boolean => get(member) === undefined || get(member) === null;

  function string(member: string): string {
    const found = get(member);
    if (typeof found !== 'string' || found === '') throw wrong(member, 'a text');
    return found;
  }
  function checkedUrl(member: string, text: unknown): string {
    if (typeof text !== 'string' || !isHttpUrl(text)) throw wrong(member, 'an absolute http or https URL');
    return text;
  }
  function time(member: string): Instant {
    const text = string(member);
    const milliseconds = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(milliseconds)) throw wrong(member, 'an RFC 3339 time');
    return instant(milliseconds);
  }
  function list(member: string): unknown[] {
    const found = get(member);
    if (!Array.isArray(found) || found.length > MAX_ENTRIES) throw wrong(member, 'a list');
    return found;
  }
  return {
    string,
    optionalString: (member) => (absent(member) || get(member) === '' ? undefined : string(member)),
    oneOf(member, values) {
      const found = get(member);
      const known = values.find((one) => one === found);
      if (known === undefined) throw wrong(member, `one of ${values.join(', ')}`);
      return known;
    },
    url: (member) => checkedUrl(member, get(member)),
    optionalUrl: (member) => (absent(member) || get(member) === '' ? undefined : checkedUrl(member, get(member))),
    urls: (member) => list(member).map((one) => checkedUrl(member, one)),
    instant: time,
    optionalInstant: (member) => (absent(member) || get(member) === '' ? undefined : time(member)),
    flag: (member) => get(member) === true,
    objects: (member) => list(member).map((one) => reader(`${what}'s ${member}`, one)),
    object: (member) => (absent(member) ? undefined : reader(`${what}'s ${member}`, get(member))),
    raw: get,
    members: () => Object.keys(object),
  };
}
