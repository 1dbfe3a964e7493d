import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../ports.ts';
import { startProcess } from '../processes.ts';
import { tempDir } from '../temp.ts';
import {
  completeZones,
  type NameServer,
  type NameServerOptions,
  newTsigSecret,
  nsupdate,
  query,
  zoneFile,
} from './dns.ts';
import { findProgram } from './paths.ts';

/** Starts Knot on a free loopback port. It answers for its own zones only. */
export async function startKnot(options: NameServerOptions = {}): Promise<NameServer> {
  const folder = tempDir('knot');
  const zones = completeZones(options.zones);
  const port = await freePort();
  const key = { tsigName: options.tsigName ?? 'chancery-test', tsigSecret: options.tsigSecret ?? newTsigSecret() };
  mkdirSync(join(folder, 'db'), { mode: 0o700 });
  mkdirSync(join(folder, 'zones'));
  for (const zone of zones) writeFileSync(join(folder, 'zones', `${zone.name}.zone`), zoneFile(zone));
  const entries = zones.map(
    ({ name, allowUpdate }) => `  - domain: ${name}.\n${allowUpdate ? '    acl: update\n' : ''}`,
  );
  writeFileSync(join(folder, 'knot.conf'), configuration(folder, port, key, entries), { mode: 0o600 });
  const running = await startProcess({
    command: findProgram('knotd') ?? 'knotd',
    args: ['-c', join(folder, 'knot.conf')],
    cwd: folder,
    ready: async (log) => /server started/.test(log) && (await answersForAll(port, zones)),
    timeout: 15_000,
  });
  return {
    ...running,
    ...key,
    port,
    address: `127.0.0.1:${port}`,
    query: (name, type) => query(port, name, type),
    update: (commands) => nsupdate(port, key, commands),
  };
}

/** Knot starts before its zones are loaded and refuses questions about them until then. */
async function answersForAll(port: number, zones: readonly { readonly name: string }[]): Promise<boolean> {
  const answers = await Promise.all(zones.map(({ name }) => query(port, name, 'NS').catch(() => [])));
  return answers.every((names) => names.length > 0);
}

function configuration(
  folder: string,
  port: number,
  key: { tsigName: string; tsigSecret: string },
  zones: readonly string[],
): string {
  return `server:
  rundir: ${folder}
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: info
database:
  storage: ${join(folder, 'db')}
key:
  - id: ${key.tsigName}
    algorithm: hmac-sha256
    secret: ${key.tsigSecret}
acl:
  - id: update
    key: ${key.tsigName}
    action: update
template:
  - id: default
    storage: ${join(folder, 'zones')}
    file: "%s.zone"
    zonefile-sync: -1
    journal-content: changes
zone:
${zones.join('')}`;
}
