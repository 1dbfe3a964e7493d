import type { Identifier } from '../../domain/identifier.ts';
import { classOf, type Failure, type FailureClass, type Problem } from '../../domain/problem.ts';
import { type Instant, plusSeconds } from '../../domain/time.ts';
import { NetError } from '../net/http.ts';

const PREFIX = /^urn:(?:ietf:params:acme|acme):error:/;
const MAX_DETAIL = 2000;
const MAX_SUBPROBLEMS = 100;
const MAX_DEPTH = 2;

/** A CA's text goes to people and onto the ledger: no control characters, and not without end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const cleaned = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, MAX_DETAIL);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function identifierOf(value: unknown): Identifier | undefined {
  if (!isObject(value) || typeof value.value !== 'string') return undefined;
  const { type, value: name } = value;
  return type === 'dns' || type === 'ip' ? { type, value: cleaned(name as string) } : undefined;
}

/** The type for an answer that names none (RFC 7807's about:blank), from its status. */
function typeForStatus(status: number | undefined): string {
  if (status === 429) return 'rateLimited';
  if (status === 401 || status === 403) return 'unauthorized';
  return status !== undefined && status >= 500 ? 'serverInternal' : 'malformed';
}

/**
 * Reads a problem document (RFC 7807, RFC 8555 6.7) that a CA sent: types without their prefix, subproblems with their
 * identifiers. Members of a wrong shape are left out, since a problem must never hide behind its own formatting.
 */
export function problemOf(value: unknown, httpStatus?: number, depth = 0): Problem {
  const document = isObject(value) ? value : {};
  const status = typeof document.status === 'number' ? document.status : httpStatus;
  const named = typeof document.type === 'string' ? cleaned(document.type).replace(PREFIX, '') : '';
  const type = named === '' || named === 'about:blank' ? typeForStatus(status) : named;
  const identifier = identifierOf(document.identifier);
  const inner = Array.isArray(document.subproblems) && depth < MAX_DEPTH ? document.subproblems : [];
  const subproblems = inner.slice(0, MAX_SUBPROBLEMS).map((one) => problemOf(one, undefined, depth + 1));
  const detail = typeof document.detail === 'string' ? cleaned(document.detail) : defaultDetail(status);
  return {
    type,
    detail,
    ...(status === undefined ? {} : { status }),
    ...(identifier ? { identifier } : {}),
    ...(subproblems.length > 0 ? { subproblems } : {}),
  };
}

const defaultDetail = (status: number | undefined): string =>
  status === undefined ? 'the CA gave no detail' : `the CA answered ${status} and gave no detail`;

/**
 * Let's Encrypt pauses an account for a name after many failures in a row: `rateLimited`, but only a person ends it, at
 * that address.
 */
const isPaused = (problem: Problem): boolean =>
  problem.type === 'rateLimited' && /https?:\/\/\S*\bunpause\b/.test(problem.detail);

/**
 * Compound problems carry `malformed` or the like outside (RFC 8555 6.7.1); the gravest class inside is what they ask
 * for.
 */
const GRAVITY: readonly FailureClass[] = ['person', 'configuration', 'atTime', 'backoff'];

function classFor(problem: Problem): FailureClass {
  if (isPaused(problem)) return 'person';
  const own = classOf(problem);
  if (own !== 'backoff' || problem.subproblems === undefined) return own;
  const inside = problem.subproblems.map(classOf);
  return GRAVITY.find((one) => inside.includes(one)) ?? own;
}

/**
 * Adds what a problem asks for. With a Retry-After, what would back off waits for that time; without one, a rate limit
 * backs off.
 * @param seconds from Retry-After
 */
export function failureOf(problem: Problem, now: Instant, seconds?: number): Failure {
  const own = classFor(problem);
  if (seconds === undefined) return { class: own === 'atTime' ? 'backoff' : own, problem };
  return { class: own === 'backoff' ? 'atTime' : own, problem, retryAt: plusSeconds(now, seconds) };
}

/** Our own problem types for a CA that gave no usable answer. Stable: the ledger keeps them. */
const NET_TYPE: Readonly<Record<string, string>> = {
  AddressRefused: 'caAddressRefused',
  Timeout: 'caTimeout',
  TlsUntrusted: 'caTlsUntrusted',
  TlsFailed: 'caTlsUntrusted',
  BadUrl: 'caMalformed',
  BadAnswer: 'caMalformed',
  BodyTooLarge: 'caMalformed',
};

/** A network failure as a problem of the CA's; `sent` says whether the CA may have read the request. */
export function networkFailure(error: unknown): { failure: Failure; sent: boolean } | undefined {
  if (!(error instanceof NetError)) return undefined;
  const problem = { type: NET_TYPE[error.code] ?? 'caUnreachable', detail: error.message };
  return { failure: { class: classOf(problem), problem }, sent: error.sent };
}

/** An answer that is not what RFC 8555 asks for. */
export function malformedAnswer(detail: string): Failure {
  const problem = { type: 'caMalformed', detail };
  return { class: classOf(problem), problem };
}
