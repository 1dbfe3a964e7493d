import { afterEach, describe, expect, test } from 'vitest';
import { type TestApi, testApi } from '../../support/api.ts';
import { issueNow } from '../../support/issue.ts';

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
    const api = await open({ metrics: () => '# TYPE chancery_test_total counter\nchancery_test_total 7\n' });
    await api.putTeam('web');
    await api.putIssuer('web', 'own', { selfSigned: {} });
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'own' } };
    await api.send('PUT', '/v1/teams/web/certificates/app', { json: { spec } });
    await api.send('PUT', '/v1/teams/web/certificates/new', { json: { spec } });
    await issueNow(api.services, 'web', 'app');
    await api.projected();
    const { json } = await api.send('GET', '/v1/teams/web/certificates/app');
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
