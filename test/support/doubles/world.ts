import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Ledger } from '../../../lib/application/ledger.ts';
import type { Services } from '../../../lib/application/services.ts';
import { instant } from '../../../lib/domain/time.ts';
import { DnsError, type DnsProvider } from '../../../lib/ports/dnsProvider.ts';
import type { ComposeOptions } from '../../../server/compose.ts';
import { type Core, putIssuer, putTeam, startCore } from '../core.ts';
import { tempDir } from '../temp.ts';
import { type CaDouble, caDouble } from './ca.ts';
import { type DestinationsDouble, destinationsDouble } from './destinations.ts';

/** A double of DNS: TXT values in memory. */
export interface DnsDouble extends DnsProvider {
  readonly zone: Map<string, Set<string>>;
  /** Publishes something else than it is told, and does not notice. */
  garbles: boolean;
  /** Refuses to remove anything. */
  keeps: boolean;
}

function dnsDouble(): DnsDouble {
  const zone = new Map<string, Set<string>>();
  const dns: DnsDouble = {
    zone,
    garbles: false,
    keeps: false,
    target: async (_to, fqdn) => fqdn,
    async present(_to, values) {
      for (const { fqdn, value } of values) {
        const standing = zone.get(fqdn) ?? new Set();
        zone.set(fqdn, standing.add(dns.garbles ? 'garbled' : value));
      }
    },
    async cleanUp(_to, values) {
      if (dns.keeps) throw new DnsError('Refused', 'the server refuses every change', false);
      for (const { fqdn, value } of values) {
        zone.get(fqdn)?.delete(value);
        zone.get(fqdn)?.delete('garbled');
        if (zone.get(fqdn)?.size === 0) zone.delete(fqdn);
      }
    },
    missing: async (_to, values) =>
      dns.garbles ? [] : values.filter(({ fqdn, value }) => !zone.get(fqdn)?.has(value)),
  };
  return dns;
}

/** The service on a data folder, with doubles of the world around it, and a clock that the test moves. */
export interface World {
  readonly ca: CaDouble;
  readonly dns: DnsDouble;
  readonly destinations: DestinationsDouble;
  /** Replaced by a restart. */
  core: Core;
  readonly services: Services;
  /** State and outcome of every task, in order. */
  readonly tasks: string[];
  readonly logged: { readonly message: string; readonly fields: unknown }[];
  /** Moves the clock by seconds, and lets the scan see what is due then. */
  pass(seconds: number): Promise<void>;
  /** Moves the clock only. */
  turn(seconds: number): void;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A world with team `shop` and its issuer `double`. Waits and pauses between retries take no time. */
export async function startWorld(
  options: Partial<Pick<ComposeOptions, 'workflows' | 'decorate'>> = {},
): Promise<World> {
  const folder = join(tempDir('world'), 'data');
  const dns = dnsDouble();
  const ca = await caDouble((fqdn) => [...(dns.zone.get(fqdn) ?? [])]);
  const destinations = destinationsDouble();
  const tasks: string[] = [];
  const logged: World['logged'][number][] = [];
  let offset = 0;
  const clock = { now: () => instant(Date.now() + offset) };
  const line = (message: string, fields: unknown = {}): void => void logged.push({ message, fields });

  const start = (): Promise<Core> =>
    startCore(folder, {
      log: { info: line, warn: line, error: line },
      observer: { task: (state, outcome) => void tasks.push(`${state} ${outcome}`) },
      workflows: { pause: 0, ...options.workflows },
      decorate: (real) => {
        const ledger = new Ledger(real.store, clock, real.ids);
        const services = { ...real, ledger, clock, acme: ca, dns, destinations };
        return options.decorate ? options.decorate(services) : services;
      },
    });

  const world: World = {
    ca,
    dns,
    destinations,
    tasks,
    logged,
    core: await start(),
    get services() {
      return world.core.services;
    },
    turn(seconds) {
      offset += seconds * 1000;
    },
    async pass(seconds) {
      offset += seconds * 1000;
      await world.core.engine.scan();
    },
    async restart() {
      await world.core.stop();
      world.core = await start();
    },
    stop: () => world.core.stop(),
  };
  await putTeam(world.services, 'shop');
  await putIssuer(world.services, 'shop', 'double', {
    acme: { server: 'https://ca', solvers: [{ dns01: { webhook: { url: 'https://dns' } } }] },
  });
  return world;
}

/** A world that ends with the test that asks for it. */
export async function worldOfTest(...options: Parameters<typeof startWorld>): Promise<World> {
  const world = await startWorld(...options);
  onTestFinished(() => world.stop());
  return world;
}
