import type { CertificateSpec } from '../../lib/domain/spec.ts';
import { challengeListener } from '../../server/challengeListener.ts';
import { type Core, putTeam, requestCertificate, specOf, startCore } from './core.ts';
import { startBind } from './peers/bind.ts';
import type { NameServer, NameServerOptions } from './peers/dns.ts';
import { type Pebble, type PebbleOptions, startPebble } from './peers/pebble.ts';
import { tempDir } from './temp.ts';

type CoreOptions = NonNullable<Parameters<typeof startCore>[1]>;

/** The team of every such installation. */
export const TEAM = 'shop';

/** What a test may choose. `core` may need the name server's address. */
export interface AcmeSetupOptions {
  readonly bind?: NameServerOptions;
  readonly pebble?: PebbleOptions;
  readonly core?: CoreOptions | ((bind: NameServer) => CoreOptions);
}

/** An installation with a team, the CA that it asks, and the name server that the CA believes. */
export interface AcmeSetup {
  readonly bind: NameServer;
  readonly pebble: Pebble;
  /** What runs now. */
  readonly core: Core;
  /** Asks for `<name>.example.test` by an issuer of the team. */
  request(name: string, issuer: string, more?: Partial<CertificateSpec>): Promise<void>;
  /** Stops our side of it, and starts it again on the same data folder. */
  restart(meanwhile: () => void): Promise<Core>;
  stop(): Promise<void>;
}

/** Starts them, with what answers http-01 challenges where the CA looks. */
export async function startAcmeSetup(label: string, options: AcmeSetupOptions = {}): Promise<AcmeSetup> {
  const started: { stop(): Promise<unknown> }[] = [];
  const stop = async (): Promise<void> => {
    for (const one of started.splice(0).reverse()) await one.stop();
  };
  try {
    const bind = await startBind(options.bind);
    started.push(bind);
    const pebble = await startPebble({ dnsServer: bind.address, ...options.pebble });
    started.push(pebble);
    const coreOptions = typeof options.core === 'function' ? options.core(bind) : options.core;
    const folder = tempDir(label);
    let running = await startHalf(folder, pebble, coreOptions);
    started.push({ stop: () => running.stop() });
    await putTeam(running.core.services, TEAM);
    return {
      bind,
      pebble,
      get core() {
        return running.core;
      },
      async request(name, issuer, more) {
        const issuerRef = { name: issuer, kind: 'Issuer' } as const;
        const spec = specOf({ dnsNames: [`${name}.example.test`], issuerRef, ...more });
        await requestCertificate(running.core.services, TEAM, name, spec);
      },
      async restart(meanwhile) {
        await running.stop();
        meanwhile();
        running = await startHalf(folder, pebble, coreOptions);
        return running.core;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The half that is ours. */
async function startHalf(folder: string, { httpPort }: Pebble, options?: CoreOptions) {
  const core = await startCore(folder, options);
  const listener = await challengeListener(core.services.challengeTokens, { host: '127.0.0.1', port: httpPort });
  const stop = async (): Promise<void> => {
    await listener.close();
    await core.stop();
  };
  return { core, stop };
}
