import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { SHARED } from '../../lib/domain/issuer.ts';
import type { DnsProvider } from '../../lib/ports/dnsProvider.ts';
import { challengeListener } from '../../server/challengeListener.ts';
import { loadCertificate, putIssuer, putTeam, requestCertificate, specOf, startCore } from '../../test/support/core.ts';
import { type TestNameServer, testNameServer } from './responder.ts';
import { inLanes, type Prepare } from './runner.ts';

// Beside the code and not in the system's temporary folder, which may lie in memory, where a flush costs nothing.
const CACHE = join(import.meta.dirname, '../../.cache');

/**
 * The whole service without its API: from a request accepted to the certificate stored, with the ledger on disk, the state machine, key and
 * chain sealed. dns-01 values go straight to challtestsrv, as the peers' do.
 */
export const prepare: Prepare = async ({ challenge, directoryUrl, caPem }) => {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'bench-'));
  const nameServer = challenge.type === 'dns-01' ? testNameServer(challenge.managementUrl) : undefined;
  const stored = new Map<string, { resolve(): void; reject(error: Error): void }>();
  const core = await startCore(join(folder, 'data'), {
    observer: {
      task: (state, outcome, _, { input }) => {
        const waiting = stored.get((input as { issuance: string }).issuance);
        if (state === 'Store' && outcome === 'done') waiting?.resolve();
        if (state === 'RecordFailure') waiting?.reject(new Error('an issuance failed'));
      },
    },
    decorate: (services) => (nameServer ? { ...services, dns: dnsOf(nameServer) } : services),
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
      nameServer?.close();
      rmSync(folder, { recursive: true });
    },
  };
};

/** Pebble's test name server as a provider: it needs no propagation. */
function dnsOf({ set, clear }: TestNameServer): DnsProvider {
  return {
    target: async (_, fqdn) => fqdn,
    present: async (_, values) => {
      await Promise.all(values.map(({ fqdn, value }) => set(fqdn, value)));
    },
    cleanUp: async (_, values) => {
      await Promise.all(values.map(({ fqdn }) => clear(fqdn)));
    },
    missing: async () => [],
  };
}
