import { isIP } from 'node:net';
import type { Identifier } from '../../domain/identifier.ts';
import type { Failure } from '../../domain/problem.ts';
import type { Instant } from '../../domain/time.ts';
import type { Authorization, Challenge, Order, RenewalInfo } from '../../ports/acmeServer.ts';
import { failureOf, problemOf } from './problems.ts';
import { isHttpUrl, MalformedAnswer, type Reader, reader } from './reader.ts';

const ORDER_STATUS = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const;
const AUTHORIZATION_STATUS = ['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked'] as const;
const CHALLENGE_STATUS = ['pending', 'processing', 'valid', 'invalid'] as const;

/** RFC 8555 8.3: base64url, so that it is safe in a path; 128 bits at least. */
const TOKEN = /^[A-Za-z0-9_-]{1,512}$/;

/** What an answer carries beside its JSON. */
export interface Envelope {
  readonly now: () => Instant;
  readonly retryAfter?: number | undefined;
}

const present = <K extends string, V>(name: K, value: V | undefined): { readonly [key in K]?: V } =>
  value === undefined ? {} : ({ [name]: value } as { readonly [key in K]?: V });

function identifier(from: Reader): Identifier {
  const type = from.oneOf('type', ['dns', 'ip'] as const);
  const value = from.string('value').toLowerCase();
  if (type === 'ip' && isIP(value) === 0)
    throw new MalformedAnswer(`the identifier ${JSON.stringify(value)} is no address`);
  return { type, value };
}

/** The `error` of an order or challenge; its Retry-After is the resource's, not the error's. */
const failure = (from: Reader, now: () => Instant): Failure | undefined =>
  from.object('error') === undefined ? undefined : failureOf(problemOf(from.raw('error')), now());

/** An order (RFC 8555 7.1.3). @param url where it lives: the Location of newOrder */
export function orderOf(url: string, json: unknown, envelope: Envelope): Order {
  const from = reader('order', json);
  const status = from.oneOf('status', ORDER_STATUS);
  const certificate = from.optionalUrl('certificate');
  if (status === 'valid' && certificate === undefined)
    throw new MalformedAnswer('the order is valid but has no "certificate"');
  return {
    url,
    status,
    identifiers: from.objects('identifiers').map(identifier),
    authorizations: from.urls('authorizations'),
    finalize: from.url('finalize'),
    ...present('expires', from.optionalInstant('expires')),
    ...present('certificate', certificate),
    ...present('profile', from.optionalString('profile')),
    ...present('problem', failure(from, envelope.now)),
    ...present('retryAfter', envelope.retryAfter),
  };
}

function challenge(from: Reader, now: () => Instant): Challenge {
  const token = from.optionalString('token');
  if (token !== undefined && !TOKEN.test(token)) throw new MalformedAnswer('a challenge\'s "token" is not base64url');
  return {
    type: from.string('type'),
    url: from.url('url'),
    status: from.oneOf('status', CHALLENGE_STATUS),
    ...present('token', token),
    ...present('problem', failure(from, now)),
  };
}

/** A challenge (RFC 8555 8). */
export const challengeOf = (json: unknown, envelope: Envelope): Challenge =>
  challenge(reader('challenge', json), envelope.now);

/** An authorization (RFC 8555 7.1.4). */
export function authorizationOf(url: string, json: unknown, envelope: Envelope): Authorization {
  const from = reader('authorization', json);
  const about = from.object('identifier');
  if (!about) throw new MalformedAnswer('the authorization has no "identifier"');
  return {
    url,
    status: from.oneOf('status', AUTHORIZATION_STATUS),
    identifier: identifier(about),
    wildcard: from.flag('wildcard'),
    challenges: from.objects('challenges').map((one) => challenge(one, envelope.now)),
    ...present('expires', from.optionalInstant('expires')),
    ...present('retryAfter', envelope.retryAfter),
  };
}

/** Renewal information (RFC 9773 4.2). A window that ends before it begins is malformed; a page that is none costs nobody the window. */
export function renewalInfoOf(json: unknown, envelope: Envelope): RenewalInfo {
  const from = reader('renewal information', json);
  const window = from.object('suggestedWindow');
  if (!window) throw new MalformedAnswer('the renewal information has no "suggestedWindow"');
  const [start, end] = [window.instant('start'), window.instant('end')];
  if (end <= start) throw new MalformedAnswer('the suggested window does not end after it starts');
  return {
    start,
    end,
    ...present('explanationUrl', pageOf(from.raw('explanationURL'))),
    ...present('retryAfter', envelope.retryAfter),
  };
}

/** A page for people to read, who are led nowhere else. */
const pageOf = (value: unknown): string | undefined =>
  typeof value === 'string' && isHttpUrl(value) ? value : undefined;
