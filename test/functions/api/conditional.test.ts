import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { conditionally, expectedVersion, readPreconditions } from '../../../functions/api/conditional.ts';
import { StaleVersion } from '../../../lib/application/ledger.ts';
import { APP, appSpec, type WebApi, webApi } from '../../support/webApi.ts';

const read = (headers: Record<string, string>) => readPreconditions({ headers });

describe('preconditions', () => {
  const there = { exists: true, version: 3 };
  const deleted = { exists: false, version: 3 };

  test.each([
    [{ 'if-match': '"3"' }, there, 3],
    [{ 'if-match': '"1", "3"' }, there, 3],
    [{ 'if-match': '*' }, there, undefined],
    [{ 'if-none-match': '*' }, deleted, 3],
    [{ 'if-none-match': '"2"' }, there, 3],
    [{}, there, undefined],
  ])('%o hold for %o', (headers, current, expected) => {
    expect(expectedVersion(read(headers), current)).toBe(expected);
  });

  test.each([
    [{ 'if-match': '"2"' }, there],
    [{ 'if-match': 'W/"3"' }, there],
    [{ 'if-match': '"abc"' }, there],
    [{ 'if-match': '""' }, there],
    [{ 'if-match': '*' }, deleted],
    [{ 'if-match': '"3"' }, deleted],
    [{ 'if-none-match': '*' }, there],
    [{ 'if-none-match': '"3"' }, there],
  ])('%o do not hold for %o', (headers, current) => {
    expect(() => expectedVersion(read(headers), current)).toThrow(StaleVersion);
  });

  test.each(['3', '"3', '"3" "4"', '', ',', '"3",', '"\u00e9"'])('%j is no list of entity tags', (text) => {
    expect(() => read({ 'if-match': text })).toThrow('no list of entity tags');
  });

  test('are judged again when the resource moved in between: what they do not forbid is done', async () => {
    const versions = [
      { exists: false, version: 1 },
      { exists: false, version: 2 },
    ];
    const tried: (number | undefined)[] = [];
    const change = async (expected: number | undefined) => {
      tried.push(expected);
      if (expected === 1) throw new StaleVersion(2);
      return 'done';
    };
    expect(await conditionally({ ifNoneMatch: '*' }, async () => versions.shift()!, change)).toBe('done');
    expect(tried).toEqual([1, 2]);
  });

  test('that the resource moved away from fail', async () => {
    const versions = [
      { exists: true, version: 1 },
      { exists: true, version: 2 },
    ];
    const change = async () => {
      throw new StaleVersion(2);
    };
    await expect(conditionally({ ifMatch: [1] }, async () => versions.shift()!, change)).rejects.toThrow(StaleVersion);
  });
});

describe('preconditions over HTTP', () => {
  let api: WebApi;
  beforeEach(async () => {
    api = await webApi();
  });
  afterEach(() => api.close());

  const put = (host: string, headers: Record<string, string>) =>
    api.send('PUT', APP, { json: { spec: { ...appSpec, dnsNames: [host] } }, headers });

  test('If-None-Match: * makes and never changes', async () => {
    expect((await put('a.test', { 'if-none-match': '*' })).status).toBe(201);
    const again = await put('b.test', { 'if-none-match': '*' });
    expect(again.json).toMatchObject({ status: 412, code: 'PreconditionFailed' });
    expect((await api.send('GET', APP)).json.spec.dnsNames).toEqual(['a.test']);
  });

  test('If-Match changes what was seen, and nothing newer', async () => {
    expect((await put('a.test', { 'if-match': '*' })).json).toMatchObject({ status: 412 });
    const { headers } = await put('a.test', {});
    expect((await put('b.test', { 'if-match': headers.etag! })).status).toBe(200);
    const stale = await put('c.test', { 'if-match': headers.etag! });
    expect(stale.json).toMatchObject({
      status: 412,
      code: 'PreconditionFailed',
      detail: expect.stringContaining('"2"'),
    });
    expect((await api.send('DELETE', APP, { headers: { 'if-match': headers.etag! } })).status).toBe(412);
    expect((await api.send('DELETE', APP, { headers: { 'if-match': '"2"' } })).status).toBe(204);
  });

  test('of two that make the same name at once, one wins', async () => {
    const answers = await Promise.all(
      ['a.test', 'b.test', 'c.test'].map((host) => put(host, { 'if-none-match': '*' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 412, 412]);
  });

  test('are honoured in a dry run', async () => {
    await put('a.test', {});
    const json = { spec: { dnsNames: ['b.test'], issuerRef: { name: 'own' } } };
    const answer = await api.send('PUT', `${APP}?dryRun=true`, { json, headers: { 'if-match': '"7"' } });
    expect(answer.status).toBe(412);
  });

  test.each(['issuers/own', 'credentials/tsig'])('are honoured for %s', async (path) => {
    const url = `/v1/teams/web/${path}`;
    const json = path.startsWith('issuers') ? { spec: { selfSigned: {} } } : { data: { key: 'value' } };
    await api.send('PUT', url, { json });
    expect((await api.send('PUT', url, { json, headers: { 'if-none-match': '*' } })).status).toBe(412);
    expect((await api.send('DELETE', url, { headers: { 'if-match': '"9"' } })).status).toBe(412);
    expect((await api.send('DELETE', url, { headers: { 'if-match': '"1"' } })).status).toBe(204);
  });
});
