import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { SHARED } from '../../lib/domain/issuer.ts';
import type { DnsProvider } from '../../lib/ports/dnsProvider.ts';
import { challengeListener } from '../../server/challengeListener.ts';
import { loadCertificate, putIssuer, putTeam, requestCertificate, specOf, startCore } from '../../test/support/core.ts';
import { inLanes, type Prepare } from './runner.ts';

/**
 * The whole service without its API: from a request accepted to the certificate stored, with the ledger on disk, the state machine, key and
 * chain sealed. dns-01 values go straight to challtestsrv, as the peers' do.
 */
export const prepare: Prepare = async ({ challenge, directoryUrl, caPem }) => {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-bench-'));
  const stored = new Map<string, { resolve(): void; reject(error: Error): void }>();
  const core = await startCore(join(folder, 'data'), {
    observer: {
      task: (state, outcome, _, { input }) => {
        const waiting = stored.get((input as { issuance: string }).issuance);
        if (state === 'Store' && outcome === 'done') waiting?.resolve();
        if (state === 'RecordFailure') waiting?.reject(new Error('an issuance failed'));
      },
    },
    decorate: (services) =>
      challenge.type === 'dns-01' ? { ...services, dns: testServer(challenge.managementUrl) } : services,
  });
  const { services, composed } = core;
  const listener =
    challenge.type === 'http-01'
      ? await challengeListener(services.challengeTokens, { host: '127.0.0.1', port: challenge.port })
      : undefined;
  await putTeam(services, 'bench');
  const solver = challenge.type === 'http-01' ? { http01: {} } : { dns01: { webhook: { url: 'http://127.0.0.1/' } } };
  await putIssuer(services, SHARED, 'pebble', { acme: { server: directoryUrl, caBundle: caPem, solvers: [solver] } });
  await composed.feed.drained();

  let count = 0;
  const one = async (dnsNames: readonly string[]): Promise<void> => {
    const name = `c${count++}`;
    const issuerRef = { name: 'pebble', kind: 'ClusterIssuer' } as const;
    await requestCertificate(services, 'bench', name, specOf({ dnsNames, issuerRef }));
    const { uid, issued } = await loadCertificate(services, 'bench', name);
    if (!issued) await new Promise<void>((resolve, reject) => stored.set(issuanceStream(uid, 1), { resolve, reject }));
  };
  return {
    issue: (certificates, concurrency) => inLanes(certificates, concurrency, one),
    async close() {
      await listener?.close();
      await core.stop();
      rmSync(folder, { recursive: true });
    },
  };
};

/** Pebble's test name server takes values over HTTP and serves them at once. */
function testServer(managementUrl: string): DnsProvider {
  const tell = async (path: string, body: unknown): Promise<void> => {
    await fetch(`${managementUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
  };
  return {
    target: async (_, fqdn) => fqdn,
    present: async (_, values) => {
      await Promise.all(values.map(({ fqdn, value }) => tell('/set-txt', { host: `${fqdn}.`, value })));
    },
    cleanUp: async (_, values) => {
      await Promise.all(values.map(({ fqdn }) => tell('/clear-txt', { host: `${fqdn}.` })));
    },
    missing: async () => [],
  };
}
