import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApi } from '../functions/api/api.ts';
import { type OidcIssuer, oidcIdentityProvider } from '../lib/adapters/oidc/identityProvider.ts';
import { deliveryStream } from '../lib/domain/delivery.ts';
import { destinationKey } from '../lib/domain/destination.ts';
import { Refusal } from '../lib/domain/refusal.ts';
import { adminToken } from './adminToken.ts';
import { type ApiListener, apiListener } from './apiListener.ts';
import { bootstrap, ownDirectory } from './bootstrap.ts';
import { challengeListener } from './challengeListener.ts';
import { type Composed, type ComposeOptions, compose } from './compose.ts';
import { openDataFolder } from './dataFolder.ts';
import { type Engine, startEngine } from './engine.ts';
import { processMetrics } from './metrics.ts';
import { type NotifyOptions, notify } from './notify.ts';

/** Where to listen. Port 0 takes a free one. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

export interface ServeOptions extends Omit<ComposeOptions, 'folder'> {
  /** Path of the data folder. */
  readonly data: string;
  readonly api: Listen;
  readonly challenges: Listen;
  /** Whose JWTs are taken besides the service's own tokens. */
  readonly oidc?: OidcIssuer;
  /** Who is told of what happens to certificates. */
  readonly notify?: NotifyOptions;
  /** Further names and addresses that clients call the service by. */
  readonly hosts: readonly string[];
}

/** A running embedded service. */
export interface Service {
  readonly url: string;
  readonly challengeUrl: string;
  /** PEM of the root that signed the service's certificate. */
  readonly caFile: string;
  /** The admin token, mode 0600. */
  readonly tokenFile: string;
  readonly composed: Composed;
  readonly engine: Engine;
  /** Ends cleanly: listeners first, then what runs. What is unfinished goes on at the next start. */
  stop(): Promise<void>;
}

const OWN_CERTIFICATE_MS = 30_000;

/**
 * Starts the embedded service on a data folder: engine, built-in CA, its own certificate, then the listeners.
 * @throws Refusal for a data folder that cannot be used, and `PortInUse`
 */
export async function serve(options: ServeOptions): Promise<Service> {
  const undo: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return await start(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(options: ServeOptions, undo: (() => unknown)[], stop: () => Promise<void>): Promise<Service> {
  const { api, challenges } = options;
  const folder = openDataFolder(options.data);
  undo.push(() => folder.release());
  const tls = ownDirectory(folder.path);
  // A destination's root is never made for it; this one is the service's own.
  mkdirSync(tls, { recursive: true, mode: 0o700 });
  const metrics = processMetrics();
  const directoryRoots = [...options.directoryRoots, tls];
  const composed = await compose({
    observer: metrics.observer,
    metrics: metrics.count,
    observeAcme: metrics.acme,
    ...options,
    folder,
    directoryRoots,
  });
  undo.push(() => composed.close());
  const { services, feed } = composed;

  let listener: ApiListener | undefined;
  const own = deliveryStream(destinationKey({ kind: 'directory', path: tls }));
  feed.subscribe('own-certificate', async ({ commit }) => {
    const delivered = commit.stream === own && commit.events.some((event) => event.type === 'DeliveryConfirmed');
    if (delivered) listener?.setCertificate(pair(tls).cert, pair(tls).key);
  });
  if (options.notify) notify(composed, options.notify);
  const engine = await startEngine(composed);
  undo.push(() => engine.stop());
  metrics.watch({ running: () => composed.workflows.running, lastScan: () => engine.lastScan });
  await bootstrap(services, folder.path, ['localhost', '127.0.0.1', '::1', ...options.hosts]);
  await delivered(tls);
  const tokenFile = folder.adminToken;
  await adminToken(services, tokenFile);

  const challenge = await listening(challenges, '--http01-listen', () =>
    challengeListener(services.challengeTokens, challenges),
  );
  undo.push(() => challenge.close());
  const handle = createApi(services, {
    version: options.version,
    directoryRoots: options.directoryRoots,
    openMetrics: isLoopback(api.host),
    writable: composed.writable,
    lastScan: () => engine.lastScan,
    metrics: metrics.text,
    observe: metrics.observe,
    ...(options.oidc && { oidc: { provider: oidcIdentityProvider(composed, options.oidc) } }),
  });
  listener = await listening(api, '--listen', () => apiListener({ ...api, tls: pair(tls), handle }));
  undo.push(() => listener?.close());

  const url = `https://${hostName(api.host)}:${listener.port}`;
  const caFile = join(tls, 'ca.crt');
  folder.publish({ url, ca: caFile });
  const challengeUrl = `http://${hostName(challenges.host)}:${challenge.port}`;
  return { url, challengeUrl, caFile, tokenFile, composed, engine, stop };
}

const pair = (directory: string): { cert: string; key: string } => ({
  cert: readFileSync(join(directory, 'tls.crt'), 'utf8'),
  key: readFileSync(join(directory, 'tls.key'), 'utf8'),
});

/** The service serves with the certificate that it issued to itself, so the first start waits for it. */
async function delivered(directory: string): Promise<void> {
  const until = performance.now() + OWN_CERTIFICATE_MS;
  // The links of a new set are made one after the other.
  while (!['tls.crt', 'tls.key', 'ca.crt'].every((file) => existsSync(join(directory, file)))) {
    if (performance.now() > until)
      throw new Error(`the service's own certificate did not arrive in ${directory}; see the log`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function listening<T>({ host, port }: Listen, flag: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new Refusal('PortInUse', `port ${port} of ${host} is in use by another program`, {
        remedy: `end that program, or choose another port: ${flag} ${host}:<port>`,
      });
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new Refusal('CannotListen', `cannot listen on ${host}:${port} (${code})`, {
        remedy: `choose another address: ${flag} <host>:<port>`,
      });
    }
    throw error;
  }
}

const isLoopback = (host: string): boolean => host === '127.0.0.1' || host === '::1' || host === 'localhost';

/** How a client on this machine calls a listening address. */
function hostName(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
