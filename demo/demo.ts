/**
 * `npm run demo`: two certificates, from a team's request to Secrets in a cluster, with an ACME CA, a name server and a Kubernetes API server
 * that nobody here wrote. Everything runs on loopback and is gone at the end. `--json` leaves stdout to one line with the result.
 * Exit codes: 0 all was seen to work; 1 it was not; 2 a wrong flag; 130 ended by Ctrl-C.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guard } from '../test/support/guard.ts';
import { kubeMust } from '../test/support/peers/kubeClient.ts';
import { CLUSTER, manifest, TEAM, TSIG, ZONE } from './manifest.ts';
import { CannotRun, startPeers } from './peers.ts';
import { type Screen, screenOn } from './screen.ts';
import { type Found, verifySecret } from './secrets.ts';
import { type Chancery, chanceryIn } from './service.ts';

const flags = process.argv.slice(2);
const unknown = flags.filter((flag) => flag !== '--json');
if (unknown.length > 0) {
  process.stderr.write(`unknown flag ${unknown.join(', ')}; usage: npm run demo [-- --json]\n`);
  process.exit(2);
}

const json = flags.includes('--json');
const screen = screenOn({ toStderr: json });
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());

const folder = mkdtempSync(join(tmpdir(), 'chancery-demo-'));
guard.folder(folder);
// Whatever starts here puts its files below, so that one removal leaves nothing.
process.env.TMPDIR = folder;
const began = performance.now();
const undo: (() => Promise<void>)[] = [];
const chancery = chanceryIn(join(folder, 'data'), screen, interrupt.signal);
let certificates: readonly Found[] = [];
let problem: string | undefined;
try {
  certificates = await Promise.race([show(screen, chancery), interrupted(interrupt.signal)]);
} catch (error) {
  problem = interrupt.signal.aborted ? 'ended by Ctrl-C' : whyOf(error as Error);
}
try {
  for (const stop of undo.splice(0).reverse()) await stop();
} catch (error) {
  problem ??= whyOf(error as Error);
}
rmSync(folder, { recursive: true, force: true });

const seconds = Math.round((performance.now() - began) / 100) / 10;
if (problem === undefined) screen.say(`\nDone in ${seconds} s. Every process is stopped, every file is removed.`);
else process.stderr.write(`\nThe demo did not succeed: ${problem}\n`);
if (json) {
  const result = { ok: problem === undefined, seconds, certificates, ...(problem !== undefined && { problem }) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
// What was starting when Ctrl-C came is ended by the guard, which waits for the end of this process.
process.exit(problem === undefined ? 0 : interrupt.signal.aborted ? 130 : 1);

function interrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

async function show(on: Screen, cli: Chancery): Promise<Found[]> {
  on.title('What Chancery works with (real software, on this machine alone)');
  const peers = await startPeers(on, ZONE, (stop) => undo.push(stop));
  const { ca, dns, cluster } = peers;
  await kubeMust(cluster.call, 'POST', '/api/v1/namespaces', { metadata: { name: TEAM } });
  const token = await cluster.makeToken({ namespace: TEAM, account: 'chancery' });

  on.title('An operator starts the service, and tells it of the team and its cluster');
  on.say(`(CHANCERY_DATA=${join(folder, 'data')})`);
  const http01 = `127.0.0.1:${ca.httpPort}`;
  const listen = ['--listen', '127.0.0.1:0', '--http01-listen', http01];
  undo.push(await cli.serve(['--allow', '127.0.0.1', ...listen]));
  await cli.run(['team', 'put', TEAM, '--names', `**.${ZONE}`, '--destinations', `${CLUSTER}/${TEAM}/*`]);
  on.say('\nThe kubeconfig holds a token that may touch Secrets in one namespace, and nothing else.');
  const kubeconfig = file('prod.kubeconfig', cluster.kubeconfig({ token }, TEAM));
  await cli.run(['cluster', 'register', CLUSTER, '--kubeconfig', kubeconfig]);
  await cli.run(['cluster', 'get', CLUSTER]);

  on.title('The team: DNS-01, from the YAML that it has');
  const tsig = file('tsig.secret', dns.tsigSecret);
  await cli.run(['credential', 'put', TSIG.name, '--team', TEAM, '--from-file', `${TSIG.key}=${tsig}`]);
  const yaml = file('shop.yaml', manifest(peers));
  on.command(['cat', yaml]);
  on.say(manifest(peers).replace(/(caBundle: .{24}).*/, '$1... (shortened)'));
  await cli.run(['apply', '-f', yaml, '--wait']);

  on.title('The team: HTTP-01, from the command line');
  const www = ['--dns', `www.${ZONE}`, '--issuer', 'pebble', '--destination', `${CLUSTER}/${TEAM}/www-tls`];
  await cli.run(['request', 'www', '--team', TEAM, ...www, '--wait']);

  on.title('What came of it');
  await cli.run(['get', 'certificates', '--team', TEAM]);
  await cli.run(['describe', 'app', '--team', TEAM]);
  const found: Found[] = [];
  for (const name of ['app-tls', 'www-tls']) found.push(await verifySecret(on, peers, folder, TEAM, name));
  const left = await dns.query(`_acme-challenge.app.${ZONE}`, 'TXT');
  on.say(`\nTXT records left at _acme-challenge.app.${ZONE}: ${left.length}`);

  on.title('The end');
  return found;
}

/** Writes a file for a command, and gives its path. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** The reason in a line, with the service's last words where they may tell more. */
function whyOf(error: Error): string {
  if (error instanceof CannotRun) return error.message;
  const log = chancery.log();
  return `${error.message}${log === '' ? '' : `\n--- the service's log:\n${log.slice(-3000)}`}`;
}
