import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpClient } from '../../../lib/adapters/net/client.ts';
import { oidcIdentityProvider } from '../../../lib/adapters/oidc/identityProvider.ts';
import type { IdentityProvider } from '../../../lib/ports/identityProvider.ts';
import { makeAuthority } from '../../support/authority.ts';
import { refusalOf } from '../../support/refusal.ts';

const AUDIENCE = 'chancery';
const kid = randomUUID();
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const now = () => Math.floor(Date.now() / 1000);

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function jwt(claims: object, key: KeyObject = keys.privateKey, header: object = { alg: 'ES256', kid }): string {
  const signed = `${part(header)}.${part(claims)}`;
  const signature = sign('SHA-256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

describe('tokens of an OIDC issuer', () => {
  const http = httpClient({ allow: ['*'] });
  let answer: { status: number; body: string };
  let issuer: string;
  let ca: string;
  let provider: IdentityProvider;
  let server: ReturnType<typeof createServer>;

  beforeAll(async () => {
    const authority = await makeAuthority('Identity Test CA');
    ca = authority.certPem;
    const leaf = await authority.issue({ subject: 'CN=idp', names: ['localhost'], usage: 'server' });
    server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (_, response) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await http.close();
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
    answer = { status: 200, body: JSON.stringify({ keys: [jwk] }) };
    provider = oidcIdentityProvider({ http }, { issuer, audience: AUDIENCE, ca });
  });

  const claims = () => ({ iss: issuer, aud: AUDIENCE, sub: 'ada', exp: now() + 600, chancery_team: 'web' });

  test('are answered with their claims', async () => {
    expect(await provider.verify(jwt(claims()))).toMatchObject({ sub: 'ada', chancery_team: 'web' });
  });

  test('that expired are told apart', async () => {
    expect(await refusalOf(() => provider.verify(jwt({ ...claims(), exp: now() - 60 })))).toMatchObject({
      code: 'TokenExpired',
    });
  });

  test.each<[string, () => string]>([
    ['another audience', () => jwt({ ...claims(), aud: 'somebody-else' })],
    ['another issuer', () => jwt({ ...claims(), iss: 'https://other.example' })],
    ['no end', () => jwt({ ...claims(), exp: undefined })],
    ['no subject', () => jwt({ ...claims(), sub: undefined })],
    ['a time that has not come', () => jwt({ ...claims(), nbf: now() + 600 })],
    ['another key', () => jwt(claims(), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
    ['an unknown key id', () => jwt(claims(), keys.privateKey, { alg: 'ES256', kid: randomUUID() })],
    ['no signature', () => `${part({ alg: 'none', kid })}.${part(claims())}.`],
    ['claims that were changed', () => jwt(claims()).replace(/\.[^.]+\./, `.${part({ ...claims(), sub: 'eve' })}.`)],
    ['no JSON in it', () => 'aa.bb.cc'],
  ])('with %s are refused', async (_, make) => {
    expect(await refusalOf(() => provider.verify(make()))).toMatchObject({ code: 'TokenInvalid' });
  });

  test.each([
    { status: 500, body: '{}' },
    { status: 200, body: 'not JSON' },
    { status: 200, body: '{}' },
  ])('say that the keys cannot be had when they are answered with %o', async (bad) => {
    answer = bad;
    expect(await refusalOf(() => provider.verify(jwt(claims())))).toMatchObject({
      code: 'IdentityProviderUnreachable',
    });
  });

  test('are taken as soon as the keys can be had', async () => {
    const right = answer;
    answer = { status: 503, body: '' };
    await refusalOf(() => provider.verify(jwt(claims())));
    answer = right;
    expect(await provider.verify(jwt(claims()))).toMatchObject({ sub: 'ada' });
  });
});
