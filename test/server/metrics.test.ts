import { expect, it } from 'vitest';
import { acmeServer } from '../../lib/adapters/acme/acmeServer.ts';
import { type HttpClient, NetError } from '../../lib/adapters/net/http.ts';
import { processMetrics } from '../../server/metrics.ts';
import { systemClock } from '../../server/system.ts';

const server = 'https://ca.test:14000/dir';

/** A CA that has a directory, and then goes away. */
function vanishing(): HttpClient {
  let asked = 0;
  return {
    async request() {
      if (asked++ > 0) throw new NetError('Unreachable', 'nobody is there', false);
      const names = ['newNonce', 'newAccount', 'newOrder', 'revokeCert', 'keyChange'];
      const directory = Object.fromEntries(names.map((name) => [name, `https://ca.test:14000/${name}/secret-path`]));
      const headers = { 'content-type': 'application/json' };
      return { status: 200, headers, body: Buffer.from(JSON.stringify(directory)) };
    },
    close: async () => {},
  };
}

it('Requests to a CA are counted under what was asked for and what came, and never under an address', async () => {
  const metrics = processMetrics();
  const acme = acmeServer({ http: vanishing(), clock: systemClock, userAgent: 'test', observe: metrics.acme });
  await acme.meta({ server });
  await expect(acme.renewalInfo({ server: 'https://gone.test/dir' }, 'a.b')).rejects.toThrow();
  const text = await metrics.text();
  const of = (labels: string) => `certmanager_http_acme_client_request_count{${labels}} 1`;
  expect(text).toContain(of('scheme="https",host="ca.test:14000",action="directory",method="GET",status="200"'));
  expect(text).toContain(of('scheme="https",host="gone.test",action="directory",method="GET",status="999"'));
  expect(text).toMatch(/certmanager_http_acme_client_request_duration_seconds_count\{[^}]*status="200"[^}]*\} 1/);
  expect(text).not.toContain('secret-path');
});

it('Renewals are counted by why they were asked for and how they ended; a first issuance is none', async () => {
  const metrics = processMetrics();
  metrics.count([
    { issuer: 'web/own', reason: 'NeverIssued', metrics: { Issued: 1 } },
    { issuer: 'web/own', reason: 'NeverIssued', metrics: { IssuancesFailed: 1 } },
    { issuer: 'web/own', reason: 'AriWindow', metrics: { Renewed: 1 } },
    { issuer: 'web/own', reason: 'AriWindow', metrics: { Renewed: 1 } },
    { issuer: 'web/own', reason: 'Expiring', metrics: { IssuancesFailed: 1 } },
    { metrics: { Delivered: 1 } },
  ]);
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('chancery_renewals_total'));
  expect(lines.sort()).toEqual([
    'chancery_renewals_total{reason="AriWindow",outcome="succeeded"} 2',
    'chancery_renewals_total{reason="Expiring",outcome="failed"} 1',
  ]);
});
