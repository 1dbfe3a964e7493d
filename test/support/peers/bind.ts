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
  type TestZone,
  zoneFile,
} from './dns.ts';
import { findProgram } from './paths.ts';

/** Starts BIND on a free loopback port. It also serves as Pebble's `dnsServer`. */
export async function startBind(options: NameServerOptions = {}): Promise<NameServer> {
  const folder = tempDir('bind');
  const zones = completeZones(options.zones);
  const port = await freePort();
  const key = { tsigName: options.tsigName ?? 'chancery-test', tsigSecret: options.tsigSecret ?? newTsigSecret() };
  mkdirSync(join(folder, 'zones'));
  for (const zone of zones) writeFileSync(zonePath(folder, zone.name), zoneFile(zone));
  writeFileSync(zonePath(folder, 'root'), '$TTL 1\n@ SOA ns. . 1 3600 600 86400 1\n@ NS ns.\nns. A 127.0.0.1\n');
  writeFileSync(join(folder, 'named.conf'), configuration(folder, port, key, zones), { mode: 0o600 });
  const running = await startProcess({
    command: findProgram('named') ?? 'named',
    args: ['-g', '-4', '-n', '1', '-c', join(folder, 'named.conf')],
    cwd: folder,
    ready: (log) => /\d running\s*$/m.test(log),
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

const zonePath = (folder: string, name: string) => join(folder, 'zones', `${name}.db`);

function configuration(
  folder: string,
  port: number,
  key: { tsigName: string; tsigSecret: string },
  zones: readonly Required<TestZone>[],
): string {
  const zone = ({ name, allowUpdate }: Required<TestZone>) => `zone "${name}" {
  type primary;
  file "${zonePath(folder, name)}";
  allow-update { ${allowUpdate ? `key "${key.tsigName}"` : 'none'}; };
};`;
  // Recursion and an empty root of its own: only so does BIND follow a CNAME from one of its zones into another
  // for Pebble, and only so does it never ask the real root.
  return `options {
  directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile "${join(folder, 'session.key')}";
  managed-keys-directory "${folder}";
  max-cache-size 16m;
  recursion yes;
  dnssec-validation no;
  notify no;
  minimal-responses no;
  empty-zones-enable no;
};
controls { };
key "${key.tsigName}" { algorithm hmac-sha256; secret "${key.tsigSecret}"; };
zone "." { type primary; file "${zonePath(folder, 'root')}"; };
${zones.map(zone).join('\n')}
`;
}
