import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { makeAuthority } from '../authority.ts';
import { freePort } from '../ports.ts';
import { type RunningProcess, startProcess } from '../processes.ts';
import { tempDir } from '../temp.ts';
import { build, goModules } from './goModules.ts';

/** What a test may choose about its CA. */
export interface PebbleOptions {
  /** Per cent of nonces refused with badNonce; 0 when absent. */
  readonly nonceReject?: number;
  /** `host:port` that Pebble asks for A, AAAA, TXT and CAA; the system's resolver when absent. */
  readonly dnsServer?: string;
  /** Where HTTP-01 and TLS-ALPN-01 are validated; free ports when absent. */
  readonly httpPort?: number;
  readonly tlsPort?: number;
  /** Seconds that a validation takes at most (random); none when absent. */
  readonly vaSleep?: number;
  /** Validation succeeds without a look at the challenge. */
  readonly alwaysValid?: boolean;
  /** Per cent of authorizations reused; 0 when absent. */
  readonly authzReuse?: number;
  /** Demand an external account binding; `eab` in the answer is one that works. */
  readonly externalAccountRequired?: boolean;
  /** Profile name to validity in seconds; only `default` (90 days) when absent. With several, an order that names none gets one at random. */
  readonly profiles?: Readonly<Record<string, number>>;
  /** Further roots, offered as alternate chains. */
  readonly alternateRoots?: number;
  /** Intermediates between root and leaf; 1 when absent. */
  readonly chainLength?: number;
  /** Seconds in Retry-After of a pending authorization and of an order that is processing; no such header when absent. */
  readonly retryAfter?: { readonly authz: number; readonly order: number };
  /** Names that the CA refuses to issue for. */
  readonly blocked?: readonly string[];
  /** Names that CAA records may carry for this CA. */
  readonly caaIdentities?: readonly string[];
}

/** A running Pebble. Its state is in memory and ends with it. */
export interface Pebble extends RunningProcess {
  readonly directoryUrl: string;
  readonly managementUrl: string;
  /** Root of the TLS certificate of the server itself; not the root of what it issues. */
  readonly caPem: string;
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Key id and base64url MAC key of the account that may register. */
  readonly eab: { readonly kid: string; readonly hmacKey: string };
  /** PEM of the root of what it issues; `index` 1 and up are the alternate ones. */
  roots(index?: number): Promise<string>;
  /** PEM of the intermediate. */
  intermediates(index?: number): Promise<string>;
  /** `serial` in hex; undefined when the CA knows no such certificate. */
  certStatus(serial: string): Promise<CertificateStatus | undefined>;
  /** Overrides the ARI answer for a certificate; `response` is the JSON body. */
  setRenewalInfo(certificatePem: string, response: unknown): Promise<void>;
}

/** What the CA says about a certificate that it issued. */
export interface CertificateStatus {
  readonly status: 'Valid' | 'Revoked';
  readonly serial: string;
  readonly certificate: string;
  readonly reason?: number;
  readonly revokedAt?: string;
}

const defaultProfiles = { default: 90 * 86_400 };

/** Starts Pebble on free loopback ports with a TLS certificate for 127.0.0.1 and localhost. */
export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  const program = join(await build(goModules.pebble), 'pebble');
  const folder = tempDir('pebble');
  const authority = await makeAuthority('Pebble TLS test root');
  const names = ['localhost', '127.0.0.1'];
  const tls = await authority.issue({ subject: 'CN=localhost', names, usage: 'server' });
  const [listen, management] = [await freePort(), await freePort()];
  const [httpPort, tlsPort] = [options.httpPort ?? (await freePort()), options.tlsPort ?? (await freePort())];
  const eab = { kid: 'kid-1', hmacKey: randomBytes(32).toString('base64url') };
  const config = join(folder, 'pebble.json');
  writeFileSync(join(folder, 'cert.pem'), tls.certPem);
  writeFileSync(join(folder, 'key.pem'), tls.keyPem, { mode: 0o600 });
  writeFileSync(
    config,
    JSON.stringify({ pebble: configuration(options, folder, { listen, management, httpPort, tlsPort }, eab) }),
  );
  const directoryUrl = `https://127.0.0.1:${listen}/dir`;
  const managementUrl = `https://127.0.0.1:${management}`;
  const ask = (path: string, body?: string) => call(`${managementUrl}${path}`, authority.certPem, body);
  const running = await startProcess({
    command: program,
    args: ['-config', config, ...(options.dnsServer ? ['-dnsserver', options.dnsServer] : [])],
    env: environment(options),
    ready: async () =>
      (await answers(directoryUrl, authority.certPem)) &&
      (await answers(`${managementUrl}/roots/0`, authority.certPem)),
    timeout: 20_000,
  });
  return {
    ...running,
    directoryUrl,
    managementUrl,
    caPem: authority.certPem,
    httpPort,
    tlsPort,
    eab,
    roots: async (index = 0) => (await ask(`/roots/${index}`)).body,
    intermediates: async (index = 0) => (await ask(`/intermediates/${index}`)).body,
    certStatus: async (serial) => {
      const { status, body } = await ask(`/cert-status-by-serial/${serial}`);
      return status === 200 ? parseStatus(body) : undefined;
    },
    setRenewalInfo: async (certificate, response) => {
      const { status, body } = await ask(
        '/set-renewal-info/',
        JSON.stringify({ certificate, ariResponse: JSON.stringify(response) }),
      );
      if (status !== 200) throw new Error(`Pebble refused the renewal information: ${status} ${body}`);
    },
  };
}

interface Ports {
  readonly listen: number;
  readonly management: number;
  readonly httpPort: number;
  readonly tlsPort: number;
}

function configuration(options: PebbleOptions, folder: string, ports: Ports, eab: Pebble['eab']): object {
  const profiles = Object.entries(options.profiles ?? defaultProfiles).map(
    ([name, seconds]) => [name, { description: `${seconds} seconds`, validityPeriod: seconds }] as const,
  );
  return {
    listenAddress: `127.0.0.1:${ports.listen}`,
    managementListenAddress: `127.0.0.1:${ports.management}`,
    certificate: join(folder, 'cert.pem'),
    privateKey: join(folder, 'key.pem'),
    httpPort: ports.httpPort,
    tlsPort: ports.tlsPort,
    keyAlgorithm: 'ecdsa',
    externalAccountBindingRequired: options.externalAccountRequired ?? false,
    externalAccountMACKeys: { [eab.kid]: eab.hmacKey },
    domainBlocklist: options.blocked ?? [],
    caaIdentities: options.caaIdentities ?? ['pebble.example.test'],
    retryAfter: options.retryAfter ?? { authz: 0, order: 0 },
    profiles: Object.fromEntries(profiles),
  };
}

function environment(options: PebbleOptions): Record<string, string> {
  return {
    PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 0),
    PEBBLE_AUTHZREUSE: String(options.authzReuse ?? 0),
    PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
    PEBBLE_CHAIN_LENGTH: String(options.chainLength ?? 1),
    ...(options.vaSleep === undefined ? { PEBBLE_VA_NOSLEEP: '1' } : { PEBBLE_VA_SLEEPTIME: String(options.vaSleep) }),
    ...(options.alwaysValid ? { PEBBLE_VA_ALWAYS_VALID: '1' } : {}),
  };
}

function parseStatus(body: string): CertificateStatus {
  const raw = JSON.parse(body);
  return {
    status: raw.Status,
    serial: raw.Serial,
    certificate: raw.Certificate,
    ...(raw.Reason === undefined ? {} : { reason: raw.Reason }),
    ...(raw.RevokedAt === undefined ? {} : { revokedAt: raw.RevokedAt }),
  };
}

const answers = (url: string, ca: string): Promise<boolean> =>
  call(url, ca).then(
    (answer) => answer.status === 200,
    () => false,
  );

function call(url: string, ca: string, body?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'user-agent': 'chancery-test' };
    const outgoing = request(
      url,
      { ca, agent: false, headers, method: body === undefined ? 'GET' : 'POST' },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      },
    );
    outgoing.on('error', reject).end(body);
  });
}
