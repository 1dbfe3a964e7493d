import { afterEach, describe, expect, test } from 'vitest';
import { CERTIFICATES } from '../../../lib/application/projections.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { issueNow } from '../../support/issue.ts';
import { APP, appSpec, webApi } from '../../support/webApi.ts';

describe('/metrics', () => {
  const opened: TestApi[] = [];
  afterEach(async () => {
    for (const api of opened.splice(0)) await api.close();
  });
  const open = async (...options: Parameters<typeof testApi>) => {
    const api = await testApi(...options);
    opened.push(api);
    return api;
  };

  test("has cert-manager's gauges from the views, after the process's own metrics", async () => {
    const api = await webApi({ metrics: () => '# TYPE chancery_test_total counter\nchancery_test_total 7\n' });
    opened.push(api);
    await api.putApp();
    await api.send('PUT', '/v1/teams/web/certificates/new', { json: { spec: appSpec } });
    await issueNow(api.services, 'web', 'app');
    await api.projected();
    const { json } = await api.send('GET', APP);
    const { body, headers } = await api.send('GET', '/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(body).toMatch(/^# TYPE chancery_test_total counter\nchancery_test_total 7\n/);
    const labels = 'name="app",namespace="web",issuer_name="own",issuer_kind="Issuer",issuer_group="cert-manager.io"';
    const unix = (at: string) => Date.parse(at) / 1000;
    const lines = body.split('\n');
    expect(lines).toContain(
      `certmanager_certificate_expiration_timestamp_seconds{${labels}} ${unix(json.status.notAfter)}`,
    );
    expect(lines).toContain(
      `certmanager_certificate_renewal_timestamp_seconds{${labels}} ${unix(json.status.renewalTime)}`,
    );
    expect(lines).toContain(`certmanager_certificate_ready_status{${labels},condition="True"} 1`);
    expect(lines).toContain(
      `certmanager_certificate_ready_status{${labels.replace('app', 'new')},condition="False"} 1`,
    );
    expect(body).toMatch(/certmanager_issuer_ready_status\{name="own",.*condition="Unknown"\} 1/);
  });

  test('is well-formed: each metric has its type before its samples, and each sample a number', async () => {
    const api = await open();
    await api.putIssuer('web', 'a"b\\c\nd', { selfSigned: {} });
    await api.projected();
    const { body } = await api.send('GET', '/metrics');
    const typed = new Set<string>();
    for (const line of body.trimEnd().split('\n')) {
      const [, name] = /^# TYPE (\S+) gauge$/.exec(line) ?? [];
      if (name) typed.add(name);
      else if (!line.startsWith('# HELP ')) {
        const [, metric] = /^(\w+)(?:\{(?:\w+="(?:[^"\\\n]|\\["\\n])*",?)+\})? -?\d+(?:\.\d+)?$/.exec(line) ?? [];
        expect(typed.has(metric ?? ''), line).toBe(true);
      }
    }
  });

  test('is read by a token for every team, or on this machine where that is allowed', async () => {
    const closed = await open();
    const status = async (api: TestApi, token: string, loopback: boolean) =>
      (await api.send('GET', '/metrics', { token, loopback })).status;
    expect(await status(closed, await closed.token('*', 'read'), false)).toBe(200);
    expect(await status(closed, await closed.token('web', 'read'), false)).toBe(403);
    expect(await status(closed, '', true)).toBe(401);
    const local = await open({ openMetrics: true });
    expect(await status(local, '', true)).toBe(200);
    expect(await status(local, '', false)).toBe(401);
  });

  const certificate = {
    name: 'a',
    issuerName: 'own',
    issuerKind: 'Issuer',
    dnsNames: [],
    notAfter: '2030-01-01T00:00:00.000Z',
  };

  /** Rows of certificates that never were: the metrics are read from the view alone. */
  async function withCertificates(api: TestApi, counts: Readonly<Record<string, number>>) {
    for (const [owner, count] of Object.entries(counts)) {
      for (let n = 1; n <= count; n++) {
        const name = `app-${n}`;
        const row = { view: CERTIFICATES, key: `${owner}/${name}`, version: 1, owner };
        await api.services.views.put({ ...row, doc: { ...certificate, name } });
      }
    }
  }
  const certificatesIn = (body: string) =>
    [
      ...body.matchAll(/^certmanager_certificate_expiration_timestamp_seconds\{name="([^"]+)",namespace="([^"]+)"/gm),
    ].map(([, name, team]) => `${team}/${name}`);

  test("is one team's, where one is named", async () => {
    const api = await open({ metrics: () => 'own 1\n' });
    await api.putIssuer('shop', 'mine', { selfSigned: {} });
    await api.putIssuer('web', 'theirs', { selfSigned: {} });
    await api.projected();
    await withCertificates(api, { shop: 2, web: 1 });
    const { body } = await api.send('GET', '/metrics?team=shop');
    expect(certificatesIn(body)).toEqual(['shop/app-1', 'shop/app-2']);
    expect(body).toContain('name="mine"');
    expect(body).not.toContain('theirs');
    expect(body).not.toContain('own 1');
    expect((await api.send('GET', '/metrics?team=-')).status).toBe(200);
    expect((await api.send('GET', '/metrics?team=Not%20a%20name')).status).toBe(422);
  });

  test('is read page by page along the Link, with what there is once on the first page alone', async () => {
    const api = await open({ metrics: () => 'own 1\n' });
    await withCertificates(api, { shop: 5, web: 2 });
    const bodies: string[] = [];
    let path: string | undefined = '/metrics?limit=3';
    while (path) {
      const { body, headers } = await api.send('GET', path);
      bodies.push(body);
      path = /^<([^>]+)>; rel="next"$/.exec(headers.link ?? '')?.[1];
    }
    expect(bodies.map((body) => certificatesIn(body).length)).toEqual([3, 3, 1]);
    const all = (await api.send('GET', '/metrics')).body;
    expect(bodies.flatMap(certificatesIn)).toEqual(certificatesIn(all));
    for (const once of ['own 1', 'chancery_renewals_overdue ', 'certmanager_clock_time_seconds_gauge '])
      expect(bodies.map((body) => body.includes(once))).toEqual([true, false, false]);
    const team = await api.send('GET', '/metrics?limit=3&team=shop');
    expect(team.headers.link).toContain('team=shop&limit=3&cursor=');
    expect((await api.send('GET', '/metrics?limit=7')).headers.link).toBeUndefined();
  });

  test('that would be more than an answer holds says what to ask for instead', async () => {
    const api = await open({ largestMetrics: 5000 });
    await withCertificates(api, { shop: 3 });
    expect((await api.send('GET', '/metrics')).status).toBe(200);
    await withCertificates(api, { web: 2 });
    const { status, json } = await api.send('GET', '/metrics');
    expect(status).toBe(422);
    expect(json.code).toBe('MetricsTooLarge');
    expect(json.remedy).toContain('?team=NAME');
    expect((await api.send('GET', '/metrics?team=web')).status).toBe(200);
    expect((await api.send('GET', '/metrics?limit=2')).status).toBe(200);
  });

  test.each(['limit=0', 'limit=1001', 'limit=x'])('refuses %s', async (query) => {
    expect((await (await open()).send('GET', `/metrics?${query}`)).status).toBe(422);
  });

  test('refuses a cursor of another list', async () => {
    const cursor = Buffer.from('["certificates","a"]').toString('base64url');
    const { status, json } = await (await open()).send('GET', `/metrics?limit=2&cursor=${cursor}`);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'InvalidCursor' });
  });

  test('tells how the whole installation stands', async () => {
    const api = await open();
    const watch = { owed: '2020-01-01T00:00:00.000Z' };
    await api.services.views.put({
      view: CERTIFICATES,
      key: 'web/a',
      version: 1,
      owner: 'web',
      doc: certificate,
      watch,
    });
    const { body } = await api.send('GET', '/metrics');
    expect(body).toContain('\nchancery_renewals_overdue 1\n');
    expect(body).toContain('\nchancery_deliveries_late 0\n');
  });

  test('can count answers by operation', async () => {
    const seen: { operation: string; status: number }[] = [];
    const api = await open({ observe: ({ operation, status }) => void seen.push({ operation, status }) });
    await api.send('GET', '/v1/teams');
    await api.send('GET', '/v1/nothing');
    expect(seen).toEqual([
      { operation: 'listTeams', status: 200 },
      { operation: 'none', status: 404 },
    ]);
  });
});
