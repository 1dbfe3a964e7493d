import { join } from 'node:path';
import { freePort } from '../ports.ts';
import { type RunningProcess, startProcess } from '../processes.ts';
import { build, goModules } from './goModules.ts';

/** Pebble's challenge test server: a name server that says 127.0.0.1 for every name and any TXT value that it is told. */
export interface Challtestsrv extends RunningProcess {
  /** `127.0.0.1:port`, for Pebble's `dnsServer`. */
  readonly address: string;
  /** HTTP API. */
  readonly managementUrl: string;
  /** `fqdn` without trailing dot. */
  setTxt(fqdn: string, value: string): Promise<void>;
  clearTxt(fqdn: string): Promise<void>;
}

/** Starts it on free loopback ports, for DNS alone. */
export async function startChalltestsrv(): Promise<Challtestsrv> {
  const program = join(await build(goModules.pebble), 'pebble-challtestsrv');
  const [dns, management] = [await freePort(), await freePort()];
  const managementUrl = `http://127.0.0.1:${management}`;
  const off = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-doh', ''];
  const running = await startProcess({
    command: program,
    args: ['-management', `127.0.0.1:${management}`, '-dnsserver', `127.0.0.1:${dns}`, '-defaultIPv6', '', ...off],
    ready: () => tell(managementUrl, 'clear-txt', { host: 'ready.example.test.' }).then(Boolean, () => false),
    timeout: 10_000,
  });
  return {
    ...running,
    address: `127.0.0.1:${dns}`,
    managementUrl,
    setTxt: (fqdn, value) => tell(managementUrl, 'set-txt', { host: `${fqdn}.`, value }).then(() => undefined),
    clearTxt: (fqdn) => tell(managementUrl, 'clear-txt', { host: `${fqdn}.` }).then(() => undefined),
  };
}

async function tell(base: string, path: string, body: Readonly<Record<string, string>>): Promise<true> {
  const response = await fetch(`${base}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`challtestsrv answered ${path} with ${response.status}`);
  return true;
}
