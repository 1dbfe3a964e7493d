/**
 * `npm run bench:deliver [-- --json --check --rounds N]`: certificates of the internal CA, requested all at once, to
 * Secrets in a real API server, each round by a service of its own. The way is the product's: API, ledger on disk, state
 * machines, server-side apply. What the cluster holds at the end is verified.
 */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretObject } from '../test/support/peers/kubeHelpers.ts';
import { type Kubernetes, startKubernetes } from '../test/support/peers/kubernetes.ts';
import type { DeliverFigures, DeliverJob } from './deliverRound.ts';
import { benchArguments, type Figure, median, report } from './support.ts';

const CERTIFICATES = 50;
const SECONDS_AT_MOST = 2;

/** What cert-manager's own controllers took for as many, on the machine where the reach was set. It is not measured here. */
const CERT_MANAGER_SECONDS = 6.5;

// Beside the code and not in the system's temporary folder, which may lie in memory, where a flush costs nothing.
const CACHE = join(import.meta.dirname, '../.cache');

const options = benchArguments(5);

async function round(cluster: Kubernetes): Promise<DeliverFigures> {
  const namespace = await cluster.makeNamespace('bench');
  const job: DeliverJob = { kubeconfig: cluster.kubeconfig(), namespace, certificates: CERTIFICATES, folder: CACHE };
  const program = join(import.meta.dirname, 'deliverRound.ts');
  const figures = execFileSync(process.execPath, [program], { input: JSON.stringify(job), encoding: 'utf8' });
  await verify(cluster, namespace);
  return JSON.parse(figures);
}

/** Every Secret is there, its key fits, and its certificate is the CA's. @throws Error naming the first that is not so */
async function verify(cluster: Kubernetes, namespace: string): Promise<void> {
  const { body } = await cluster.call<{ items: SecretObject[] }>('GET', `/api/v1/namespaces/${namespace}/secrets`);
  const sound = body.items.filter(isSound);
  const expected = CERTIFICATES + 1;
  if (sound.length !== expected) throw new Error(`${sound.length} of ${expected} Secrets are as they should be`);
}

function isSound({ type, data = {}, metadata }: SecretObject): boolean {
  const file = (name: string) => Buffer.from(data[name] ?? '', 'base64');
  const certificate = new X509Certificate(file('tls.crt'));
  return (
    type === 'kubernetes.io/tls' &&
    certificate.subjectAltName === `DNS:${metadata.name}.bench.svc` &&
    certificate.checkPrivateKey(createPrivateKey(file('tls.key'))) &&
    certificate.verify(new X509Certificate(file('ca.crt')).publicKey)
  );
}

mkdirSync(CACHE, { recursive: true });
const cluster = await startKubernetes();
const rounds: DeliverFigures[] = [];
try {
  for (let count = 1; count <= options.rounds; count++) {
    console.error(`round ${count} of ${options.rounds}`);
    rounds.push(await round(cluster));
  }
} finally {
  await cluster.stop();
}
const all = (name: keyof DeliverFigures): number[] => rounds.map((figures) => figures[name]);
const figures: Figure[] = [
  {
    name: 'request to Secret',
    value: median(all('milliseconds')) / 1000,
    unit: 's',
    reach: { atMost: SECONDS_AT_MOST },
  },
  { name: 'the slowest round', value: Math.max(...all('milliseconds')) / 1000, unit: 's' },
  { name: 'CPU a certificate', value: median(all('cpuMilliseconds')) / CERTIFICATES, unit: 'ms' },
  { name: 'peak memory', value: Math.max(...all('peakMiB')), unit: 'MiB' },
  { name: "cert-manager's own controllers (known, not measured here)", value: CERT_MANAGER_SECONDS, unit: 's' },
];
report(`${CERTIFICATES} certificates of the internal CA, medians of ${options.rounds} rounds`, figures, options);
