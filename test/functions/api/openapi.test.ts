import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openapi } from '../../../functions/api/openapi.ts';
import { routes } from '../../../functions/api/routes.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { contractFaults } from '../../support/openapiContract.ts';

type Json = Readonly<Record<string, unknown>>;

describe('the OpenAPI document', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await testApi();
  });
  afterAll(() => api.close());

  test('is served, and is version 3.1', async () => {
    const { status, json } = await api.send('GET', '/openapi.json', { token: '' });
    expect([status, json.openapi]).toEqual([200, '3.1.0']);
    expect(json).toEqual(JSON.parse(JSON.stringify(openapi(routes, '0.0.0-test'))));
  });

  test('names every route with its parameters', () => {
    const { paths } = openapi(routes, '0') as { paths: Record<string, Record<string, { parameters: Json[] }>> };
    for (const { method, path } of routes) {
      const operation = paths[path]?.[method.toLowerCase()];
      const named = operation?.parameters.filter((one) => one.in === 'path').map((one) => `{${one.name}}`);
      expect(named, `${method} ${path}`).toEqual(path.match(/\{\w+\}/g) ?? []);
    }
  });

  test('refers only to schemas that it has', () => {
    const text = JSON.stringify(openapi(routes, '0'));
    const { components } = openapi(routes, '0') as { components: { schemas: Json } };
    const referred = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!);
    expect(referred.length).toBeGreaterThan(50);
    expect(referred.filter((name) => !(name in components.schemas))).toEqual([]);
    expect(Object.keys(components.schemas).filter((name) => !referred.includes(name))).toEqual([]);
  });

  test('says of what is secret that it is only ever written', () => {
    const { components } = openapi(routes, '0') as {
      components: { schemas: Record<string, { properties: Record<string, Json> }> };
    };
    expect(components.schemas.CredentialInput!.properties.data).toMatchObject({ writeOnly: true });
    for (const name of ['kubeconfig', 'token', 'clientKey']) {
      expect(components.schemas.ClusterInput!.properties[name]).toMatchObject({ writeOnly: true });
    }
  });
});

// Every answer in the tests of the API passes through this check, so it has to be able to fail.
describe('an answer that the OpenAPI document does not allow', () => {
  const path = '/v1/teams/web';
  const team = { name: 'web', policyVersion: 1, policy: {} };
  const answer = (status: number, body: unknown, type = 'application/json') => ({
    status,
    headers: { 'content-type': type },
    body: JSON.stringify(body),
  });

  test('is found by its status, its type, and members that are wrong, missing or too many', () => {
    expect(contractFaults('GET', path, answer(200, team))).toEqual([]);
    const wrong = [
      answer(418, team),
      answer(200, team, 'text/plain'),
      answer(200, { ...team, policyVersion: '1' }),
      answer(200, { name: 'web', policyVersion: 1 }),
      answer(200, { ...team, secret: 'x' }),
      answer(404, { title: 'Not Found' }, 'application/problem+json'),
    ];
    for (const one of wrong) expect(contractFaults('GET', path, one), one.body).toHaveLength(1);
  });
});
