import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedAnswer } from '../../../lib/adapters/acme/reader.ts';
import { authorizationOf, challengeOf, orderOf, renewalInfoOf } from '../../../lib/adapters/acme/resources.ts';

const envelope = { now: () => '2026-01-01T00:00:00.000Z', retryAfter: 3 };
const url = 'https://ca.example.test/order/1';
const order = {
  status: 'pending',
  expires: '2026-01-02T03:04:05Z',
  identifiers: [
    { type: 'dns', value: 'A.example.test' },
    { type: 'ip', value: '2001:DB8::1' },
  ],
  authorizations: ['https://ca.example.test/authz/1'],
  finalize: 'https://ca.example.test/finalize/1',
};
const challenge = { type: 'http-01', url: 'https://ca.example.test/chall/1', status: 'pending', token: 'abc-_' };
const authorization = {
  status: 'pending',
  identifier: { type: 'dns', value: 'a.example.test' },
  challenges: [challenge, { ...challenge, type: 'dns-persist-01', token: undefined }],
};

describe('an order', () => {
  it('is read with normal names and times, its profile and Retry-After', () => {
    expect(orderOf(url, { ...order, profile: 'p', certificate: null, error: null }, envelope)).toEqual({
      url,
      status: 'pending',
      expires: '2026-01-02T03:04:05.000Z',
      identifiers: [
        { type: 'dns', value: 'a.example.test' },
        { type: 'ip', value: '2001:db8::1' },
      ],
      authorizations: order.authorizations,
      finalize: order.finalize,
      profile: 'p',
      retryAfter: 3,
    });
  });

  it('carries its error as a failure', () => {
    const error = { type: 'urn:ietf:params:acme:error:caa', detail: 'CAA', status: 403 };
    expect(orderOf(url, { ...order, status: 'invalid', error }, envelope).problem).toEqual({
      class: 'person',
      problem: { type: 'caa', detail: 'CAA', status: 403 },
    });
  });

  it.each([
    [{ status: 'great' }, '"status" is not one of pending, ready'],
    [{ status: 'valid' }, 'valid but has no "certificate"'],
    [{ expires: 'tomorrow' }, '"expires" is not an RFC 3339 time'],
    [{ expires: '2026-13-45T00:00:00Z' }, '"expires" is not an RFC 3339 time'],
    [{ identifiers: 'a' }, '"identifiers" is not a list'],
    [{ identifiers: [{ type: 'email', value: 'x' }] }, '"type" is not one of dns, ip'],
    [{ identifiers: [{ type: 'ip', value: 'x' }] }, '"x" is no address'],
    [{ identifiers: ['a'] }, "the order's identifiers is not a JSON object"],
    [{ authorizations: ['/relative'] }, '"authorizations" is not an absolute http or https URL'],
    [{ authorizations: Array(1001).fill('https://x/') }, '"authorizations" is not a list'],
    [{ finalize: 'file:///etc/passwd' }, '"finalize" is not an absolute http or https URL'],
    [{ finalize: undefined }, '"finalize" is not an absolute http or https URL'],
    [{ certificate: 7 }, '"certificate" is not an absolute http or https URL'],
  ])('with %j is malformed', (change, message) => {
    expect(() => orderOf(url, { ...order, ...change }, envelope)).toThrow(message);
  });
});

describe('an authorization', () => {
  it('is read with every challenge, known or not', () => {
    const read = authorizationOf(url, { ...authorization, wildcard: true }, { now: envelope.now });
    expect(read).toEqual({
      url,
      status: 'pending',
      identifier: { type: 'dns', value: 'a.example.test' },
      wildcard: true,
      challenges: [
        { type: 'http-01', url: challenge.url, status: 'pending', token: 'abc-_' },
        { type: 'dns-persist-01', url: challenge.url, status: 'pending' },
      ],
    });
  });

  it.each([
    [{ identifier: undefined }, 'has no "identifier"'],
    [{ status: 'processing' }, '"status" is not one of'],
    [{ challenges: [{ ...challenge, token: '../../etc/passwd' }] }, '"token" is not base64url'],
    [{ challenges: [{ ...challenge, url: 'x' }] }, '"url" is not an absolute'],
    [{ challenges: {} }, '"challenges" is not a list'],
  ])('with %j is malformed', (change, message) => {
    expect(() => authorizationOf(url, { ...authorization, ...change }, envelope)).toThrow(message);
  });
});

describe('renewal information', () => {
  const window = { start: '2026-01-02T00:00:00Z', end: '2026-01-03T00:00:00.5+01:00' };
  it('is read', () => {
    const explanationURL = 'https://ca.example.test/why';
    expect(renewalInfoOf({ suggestedWindow: window, explanationURL }, envelope)).toEqual({
      start: '2026-01-02T00:00:00.000Z',
      end: '2026-01-02T23:00:00.500Z',
      explanationUrl: explanationURL,
      retryAfter: 3,
    });
  });

  it.each(['javascript:alert(1)', '/why', 7, null, ''])('has its window although its page is %o', (explanationURL) => {
    expect(renewalInfoOf({ suggestedWindow: window, explanationURL }, envelope)).not.toHaveProperty('explanationUrl');
  });

  it('that ends before it starts is malformed', () => {
    const suggestedWindow = { start: window.end, end: window.start };
    expect(() => renewalInfoOf({ suggestedWindow }, envelope)).toThrow('does not end after it starts');
    expect(() => renewalInfoOf({}, envelope)).toThrow('has no "suggestedWindow"');
  });
});

describe('any JSON', () => {
  const members = [
    'status',
    'identifiers',
    'authorizations',
    'finalize',
    'expires',
    'error',
    'challenges',
    'identifier',
    'url',
    'type',
    'token',
  ];
  const hostile = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...members), fc.oneof(fc.jsonValue(), fc.constant('pending'), fc.webUrl())),
  );
  it('is read or refused as malformed, and nothing else', () => {
    fc.assert(
      fc.property(hostile, (json) => {
        for (const parse of [
          () => orderOf(url, json, envelope),
          () => authorizationOf(url, json, envelope),
          () => challengeOf(json, envelope),
          () => renewalInfoOf(json, envelope),
        ]) {
          try {
            parse();
          } catch (error) {
            if (!(error instanceof MalformedAnswer)) throw error;
          }
        }
      }),
    );
  });
});
