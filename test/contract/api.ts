import { beforeAll, describe, expect, it } from 'vitest';
import { openapi } from '../../functions/api/openapi.ts';
import { routes } from '../../functions/api/routes.ts';
import { badRequests } from '../support/badRequests.ts';
import { eventually } from '../support/core.ts';
import type { Answer, Sent } from '../support/httpAnswer.ts';
import { contractFaults } from '../support/openapiContract.ts';
import { type IdentityIssuer, jwtOf } from '../support/peers/identityIssuer.ts';

/** The HTTP API of a running service, whatever runs it. The team `web` and what is of it belong to this suite. */
export interface RunningApi {
  /** Sends a request as the administrator, unless a token is given, which may be empty. */
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** Whose JWTs it takes. */
  readonly identity: IdentityIssuer;
}

const LIST = '/v1/teams/web/certificates';
const ONE = `${LIST}/app`;
const spec = { dnsNames: ['app.web.test'], issuerRef: { name: 'own' }, duration: '24h' };

/** Every route that asks who calls. Metrics are open to the machine itself where the service is one process. */
const guarded = routes.filter(({ access, operation }) => access !== 'public' && operation !== 'getMetrics');
const pathOf = (path: string) => path.replaceAll('{team}', 'web').replace(/\{\w+\}/g, 'app');

/** What clients rely on, on every runtime alike: routes, statuses, problems, preconditions, pages and tokens. */
export function apiContract(running: () => RunningApi): void {
  /** Sends, and holds the answer against the OpenAPI document. */
  const send = async (method: string, path: string, sent?: Sent): Promise<Answer> => {
    const answer = await running().send(method, path, sent);
    const { status, headers, text } = answer;
    expect(contractFaults(method, path.split('?')[0]!, { status, headers, body: text })).toEqual([]);
    return answer;
  };
  const told = async (method: string, path: string, sent?: Sent) => {
    const { status, json } = await send(method, path, sent);
    return [status, json?.code];
  };
  const tokenOf = async (team: string, ...verbs: string[]): Promise<string> => {
    const { json } = await send('POST', '/v1/tokens', { body: { team, verbs, expiresIn: '1h' } });
    return json.token;
  };

  beforeAll(async () => {
    expect((await send('PUT', '/v1/teams/web')).status).toBeLessThan(300);
    const own = { spec: { selfSigned: {} } };
    expect((await send('PUT', '/v1/teams/web/issuers/own', { body: own })).status).toBeLessThan(300);
  });

  describe('describes itself', () => {
    it('by the OpenAPI document that is made from the routes', async () => {
      const { status, json } = await send('GET', '/openapi.json', { token: '' });
      expect(status).toBe(200);
      expect(json).toEqual(JSON.parse(JSON.stringify(openapi(routes, json.info.version))));
    });

    it.each(['/healthz', '/readyz', '/version', '/openapi.json'])('%s is for anybody', async (path) => {
      const { status, headers } = await send('GET', path, { token: '' });
      expect(status).toBe(200);
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
      expect(headers['x-correlation-id']).toMatch(/^[\da-f-]{36}$/);
    });

    it('HEAD answers as GET without a body', async () => {
      const { status, text } = await running().send('HEAD', '/healthz', { token: '' });
      expect([status, text]).toEqual([200, '']);
    });
  });

  describe('who asks', () => {
    it.each(guarded.map(({ method, path }) => [method, path]))('%s %s wants a token', async (method, path) => {
      const { status, headers, json } = await send(method, pathOf(path), { token: '' });
      expect([status, json.code]).toEqual([401, 'TokenMissing']);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(headers['www-authenticate']).toBe('Bearer realm="chancery"');
    });

    it('is nobody with a token that nobody issued', async () => {
      const token = await tokenOf('web', 'read');
      const [, id, secret] = /^chy_([0-9a-f]+)_(.+)$/.exec(token)!;
      for (const wrong of ['x', `chy_${id}_`, `chy_${id}_${secret!.slice(1)}`, `chy_${'0'.repeat(16)}_${secret}`]) {
        const { status, headers, json } = await send('GET', LIST, { token: wrong });
        expect([status, json.code]).toEqual([401, 'TokenInvalid']);
        expect(headers['www-authenticate']).toBe('Bearer realm="chancery", error="invalid_token"');
      }
      expect((await send('GET', LIST, { token })).status).toBe(200);
    });

    it('may do what the verbs say, for the team that the token is of, until it is revoked', async () => {
      const token = await tokenOf('web', 'read');
      expect(await told('PUT', ONE, { token, body: { spec } })).toEqual([403, 'VerbMissing']);
      expect(await told('PUT', '/v1/teams/web', { token })).toEqual([403, 'TokenOfAnotherTeam']);
      expect(await told('GET', '/v1/teams/other/certificates', { token })).toEqual([403, 'TokenOfAnotherTeam']);
      expect(await told('GET', LIST, { token })).toEqual([200, undefined]);
      expect((await send('DELETE', `/v1/tokens/${token.split('_')[1]}`)).status).toBe(204);
      expect(await told('GET', LIST, { token })).toEqual([401, 'TokenRevoked']);
    });
  });

  describe('who asks with a JWT', () => {
    const jwt = (claims: object, by?: Partial<IdentityIssuer>) => jwtOf({ ...running().identity, ...by }, claims);
    const ours = { chancery_team: 'web', chancery_verbs: 'read' };

    it('may do what its claims say', async () => {
      expect(await told('GET', LIST, { token: jwt(ours) })).toEqual([200, undefined]);
      expect(await told('DELETE', ONE, { token: jwt(ours) })).toEqual([403, 'VerbMissing']);
      const deleting = { ...ours, chancery_verbs: ['write'] };
      expect(await told('DELETE', `${LIST}/none`, { token: jwt(deleting) })).toEqual([404, 'CertificateNotFound']);
    });

    it.each<[what: string, claims: object, code: string]>([
      ['of another issuer', { iss: 'https://other.example' }, 'TokenInvalid'],
      ['for another audience', { aud: 'other' }, 'TokenInvalid'],
      ['without an audience', { aud: undefined }, 'TokenInvalid'],
      ['that expired', { exp: 1_700_000_000 }, 'TokenExpired'],
      ['without an end', { exp: undefined }, 'TokenInvalid'],
      ['that is not valid yet', { nbf: 4_000_000_000 }, 'TokenInvalid'],
    ])('one %s is refused', async (_, claims, code) => {
      expect(await told('GET', LIST, { token: jwt({ ...ours, ...claims }) })).toEqual([401, code]);
    });

    it('one that nobody signed, or another than the issuer, is refused', async () => {
      const [, payload] = jwt(ours).split('.');
      const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
      const [header, , signature] = jwt({ ...ours, chancery_team: '*' }).split('.');
      for (const token of [`${none}.${payload}.AA`, `${header}.${payload}.${signature}`]) {
        expect(await told('GET', LIST, { token })).toEqual([401, 'TokenInvalid']);
      }
    });

    it('one of no team, or of another, may do nothing', async () => {
      for (const chancery_team of [undefined, '', 'other', ['mail', 'other']]) {
        const token = jwt({ ...ours, chancery_team });
        expect(await told('GET', LIST, { token })).toEqual([403, 'TokenOfAnotherTeam']);
      }
    });

    it('is an administrator only by the verb for it and for every team', async () => {
      const admin = { chancery_team: '*', chancery_verbs: 'admin' };
      expect(await told('PUT', '/v1/teams/web', { token: jwt(admin) })).toEqual([200, undefined]);
      const others = [
        { ...admin, chancery_team: 'web' },
        { ...admin, chancery_verbs: 'read write' },
      ];
      for (const claims of others)
        expect((await send('PUT', '/v1/teams/web', { token: jwt(claims) })).status).toBe(403);
    });
  });

  describe('what is asked', () => {
    it.each(badRequests)('%s is refused', async (_, method, path, { json, body, headers }, status, code) => {
      const answer = await send(method, path, { body: json ?? body, headers });
      expect([answer.status, answer.json.code]).toEqual([status, code]);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.json).toMatchObject({ type: 'about:blank', status, detail: expect.any(String) });
    });

    it('with a method that the path does not take is told the methods that it takes', async () => {
      expect((await send('POST', ONE)).headers.allow).toBe('GET, PUT, DELETE, HEAD');
    });

    it('is checked as a whole, each fault with its field', async () => {
      const body = { spec: { ...spec, dnsNames: ['a b'], nonsense: 1 } };
      const { status, json } = await send('PUT', ONE, { body });
      expect([status, json.code]).toEqual([422, 'InvalidInput']);
      const fields = json.errors.map(({ field }: { field: string }) => field).sort();
      expect(fields).toEqual(['spec.dnsNames[0]', 'spec.nonsense']);
    });

    it("is not done beyond the team's policy", async () => {
      const body = { spec: { ...spec, dnsNames: ['app.example.com'] } };
      expect(await told('PUT', ONE, { body })).toEqual([403, 'NameNotAllowed']);
    });
  });

  describe('a certificate', () => {
    it('is made where there is none, and not changed by who does not know how it stands', async () => {
      const created = await send('PUT', ONE, { body: { spec }, headers: { 'if-none-match': '*' } });
      expect(created.status).toBe(201);
      expect(created.headers.etag).toMatch(/^"\d+"$/);
      expect(await told('PUT', ONE, { body: { spec }, headers: { 'if-none-match': '*' } })).toEqual([
        412,
        'PreconditionFailed',
      ]);
      await issued();
      const stale = { 'if-match': created.headers.etag! };
      expect((await send('GET', ONE)).headers.etag).not.toBe(created.headers.etag);
      expect(await told('PUT', ONE, { body: { spec }, headers: stale })).toEqual([412, 'PreconditionFailed']);
      expect(await told('DELETE', ONE, { headers: stale })).toEqual([412, 'PreconditionFailed']);
      const same = await send('PUT', ONE, { body: { spec }, headers: { 'if-match': '*' } });
      expect([same.status, same.json.generation]).toEqual([200, 1]);
    });

    it('is had as PEM, its key only with the verb for it', async () => {
      const { status, headers, text } = await send('GET', `${ONE}/pem`);
      expect([status, headers['content-type']]).toEqual([200, 'application/pem-certificate-chain']);
      expect(text).toMatch(/^-----BEGIN CERTIFICATE-----/);
      const token = await tokenOf('web', 'read');
      expect(await told('GET', `${ONE}/pem?key=true`, { token })).toEqual([403, 'VerbMissing']);
      const withKey = await send('GET', `${ONE}/pem?key=true`, { token: await tokenOf('web', 'read', 'key') });
      expect(withKey.text).toMatch(/PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----/);
    });

    it('tells what happened to it, and from a cursor what happened since', async () => {
      const first = (await send('GET', `${ONE}/events`)).json;
      expect(first.events.map(({ type }: { type: string }) => type)).toEqual(
        expect.arrayContaining(['requested', 'issued']),
      );
      const nothing = await send('GET', `${ONE}/events?after=${first.cursor}`);
      expect(nothing.json.events).toEqual([]);
      const waiting = send('GET', `${ONE}/events?after=${first.cursor}&wait=20`);
      expect((await send('POST', `${ONE}/renew`)).status).toBe(202);
      expect((await waiting).json.events.length).toBeGreaterThan(0);
      await issued(2);
    });

    it('that is deleted is gone, and its reader told so', async () => {
      expect((await send('DELETE', ONE)).status).toBe(204);
      expect(await told('GET', ONE)).toEqual([404, 'CertificateNotFound']);
      expect(await told('DELETE', ONE)).toEqual([404, 'CertificateNotFound']);
    });

    const issued = (revision = 1) =>
      eventually(
        'it is issued',
        async () => (await running().send('GET', ONE)).json.status.revision === revision,
        60_000,
      );
  });

  describe('a team', () => {
    it('is changed by who knows how it stands', async () => {
      const path = '/v1/teams/web';
      const { headers } = await send('GET', path);
      const policy = { quota: 77 };
      const changed = await send('PUT', path, { body: { policy }, headers: { 'if-match': headers.etag! } });
      expect(changed.status).toBe(200);
      expect(changed.headers.etag).not.toBe(headers.etag);
      expect(await told('PUT', path, { headers: { 'if-match': headers.etag! } })).toEqual([412, 'PreconditionFailed']);
      expect((await send('GET', path)).json.policy.quota).toBe(77);
    });
  });

  describe('a list', () => {
    const names = async (path: string) => {
      const { json } = await send('GET', path);
      return { cursor: json.cursor, names: json.items.map(({ name }: { name: string }) => name) };
    };

    it('comes in pages, each with the cursor of the next, which fits no other list', async () => {
      const all = ['a', 'b', 'c', 'd', 'own'];
      for (const name of all)
        await send('PUT', `/v1/teams/web/issuers/${name}`, { body: { spec: { selfSigned: {} } } });
      const path = '/v1/teams/web/issuers';
      await eventually('the list is up to date', async () => (await names(path)).names.length === all.length, 60_000);
      const first = await names(`${path}?limit=2`);
      expect(first.names).toEqual(['a', 'b']);
      const second = await names(`${path}?limit=2&cursor=${first.cursor}`);
      expect(second.names).toEqual(['c', 'd']);
      const last = await names(`${path}?limit=2&cursor=${second.cursor}`);
      expect([last.names, last.cursor]).toEqual([['own'], undefined]);
      expect(await told('GET', `/v1/teams?cursor=${first.cursor}`)).toEqual([400, 'InvalidCursor']);
    });
  });

  describe('a batch', () => {
    it('shows first what it would do, is done all or nothing, and names what is wrong', async () => {
      const resource = {
        kind: 'Certificate',
        team: 'web',
        name: 'applied',
        spec: { ...spec, dnsNames: ['b.web.test'] },
      };
      const apply = async (query: string, ...resources: object[]) => {
        const { status, json } = await send('POST', `/v1/apply${query}`, { body: { resources } });
        return [status, json.resources?.map(({ outcome }: { outcome: string }) => outcome) ?? json.code];
      };
      const there = () => told('GET', `${LIST}/applied`);
      expect(await apply('?dryRun=true', resource)).toEqual([200, ['created']]);
      expect(await there()).toEqual([404, 'CertificateNotFound']);
      expect(await apply('', resource, { ...resource, name: 'wrong', spec: {} })).toEqual([422, 'InvalidInput']);
      expect(await there()).toEqual([404, 'CertificateNotFound']);
      expect(await apply('', resource)).toEqual([200, ['created']]);
      expect(await apply('', resource)).toEqual([200, ['unchanged']]);
    });
  });
}
