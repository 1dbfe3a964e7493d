import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf, networkFailure, problemOf } from '../../../lib/adapters/acme/problems.ts';
import { NetError } from '../../../lib/adapters/net/http.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const URN = 'urn:ietf:params:acme:error:';

describe('a problem document', () => {
  it('loses its prefix, and keeps its subproblems with their identifiers (RFC 8555 6.7.1)', () => {
    const document = {
      type: `${URN}malformed`,
      detail: 'Some of the identifiers requested were rejected',
      subproblems: [
        {
          type: `${URN}malformed`,
          detail: 'Invalid underscore in DNS name "_example.org"',
          identifier: { type: 'dns', value: '_example.org' },
        },
        { type: `${URN}caa`, detail: 'CAA forbids', identifier: { type: 'ip', value: '192.0.2.1' } },
      ],
    };
    expect(problemOf(document, 400)).toEqual({
      type: 'malformed',
      detail: 'Some of the identifiers requested were rejected',
      status: 400,
      subproblems: [
        { ...document.subproblems[0], type: 'malformed' },
        { ...document.subproblems[1], type: 'caa' },
      ],
    });
  });

  it.each([
    [429, 'rateLimited'],
    [403, 'unauthorized'],
    [500, 'serverInternal'],
    [404, 'malformed'],
  ])('without a type, of status %i, is %s', (status, type) => {
    expect(problemOf(undefined, status).type).toBe(type);
    expect(problemOf({ type: 'about:blank' }, status).type).toBe(type);
  });

  it('keeps a foreign type whole', () => {
    expect(problemOf({ type: 'https://example.test/odd' }, 400).type).toBe('https://example.test/odd');
  });

  it('brings no control characters and no endless text', () => {
    const { detail } = problemOf({ detail: `a\u001b[31m\r\nb${'x'.repeat(5000)}` }, 400);
    expect(detail.startsWith('a [31m b')).toBe(true);
    expect(detail.length).toBe(2000);
  });

  it('is read from any JSON without a throw', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (type, subproblems, identifier) => {
        const { type: read, detail } = problemOf({ type, subproblems, identifier, status: subproblems }, 400);
        return typeof read === 'string' && read !== '' && typeof detail === 'string';
      }),
    );
  });
});

describe('a failure', () => {
  const failed = (type: string, seconds?: number, more: object = {}) =>
    failureOf(problemOf({ type: URN + type, ...more }, 400), NOW, seconds);

  it.each([
    ['rateLimited', 60, 'atTime', '2026-01-01T00:01:00.000Z'],
    ['serverInternal', 60, 'atTime', '2026-01-01T00:01:00.000Z'],
    ['rateLimited', undefined, 'backoff', undefined],
    ['serverInternal', undefined, 'backoff', undefined],
    ['caa', undefined, 'person', undefined],
    ['invalidProfile', 60, 'configuration', '2026-01-01T00:01:00.000Z'],
    ['somethingNew', undefined, 'backoff', undefined],
  ])('of type %s with Retry-After %s asks for %s', (type, seconds, asked, retryAt) => {
    const failure = failed(type, seconds);
    expect([failure.class, failure.retryAt]).toEqual([asked, retryAt]);
  });

  it('of a paused account asks for a person, whatever its Retry-After', () => {
    const detail = 'Please visit: https://portal.example.test/sfe/v1/unpause?jwt=x';
    expect(failed('rateLimited', 60, { detail }).class).toBe('person');
  });

  it('of a compound problem asks for what its gravest part asks for', () => {
    const subproblems = [{ type: `${URN}dns` }, { type: `${URN}caa` }];
    expect(failed('malformed', undefined, { subproblems }).class).toBe('person');
  });

  it.each([
    ['Unreachable', 'caUnreachable', 'backoff'],
    ['NameUnresolved', 'caUnreachable', 'backoff'],
    ['ConnectionLost', 'caUnreachable', 'backoff'],
    ['Timeout', 'caTimeout', 'backoff'],
    ['TlsUntrusted', 'caTlsUntrusted', 'configuration'],
    ['BadAnswer', 'caMalformed', 'configuration'],
    ['AddressRefused', 'caAddressRefused', 'configuration'],
  ])('of the network, %s, is %s and asks for %s', (code, type, asked) => {
    const { failure, sent } = networkFailure(new NetError(code, 'why', true))!;
    expect([failure.problem, failure.class, sent]).toEqual([{ type, detail: 'why' }, asked, true]);
  });

  it('of the program is none of the network', () => {
    expect(networkFailure(new TypeError('x'))).toBeUndefined();
  });
});
