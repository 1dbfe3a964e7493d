/**
 * A service that kills itself (SIGKILL) at its nth append or outside effect after the request, or runs to the end when told no n.
 * Usage: node crashChild.ts CONFIG.json [n]. Writes every order that it places to the config's `orders` file, and at the end its points.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Ledger } from '../../lib/application/ledger.ts';
import type { Services } from '../../lib/application/services.ts';
import type { CertificateSpec, IssuerSpec } from '../../lib/domain/spec.ts';
import { putCluster, putCredential, putIssuer, putTeam, requestCertificate, settled, startCore } from './core.ts';
import { withCrashPoints } from './crashPoints.ts';

export interface CrashConfig {
  readonly folder: string;
  readonly orders: string;
  readonly points: string;
  readonly kubeconfig: string;
  readonly tsigSecret: string;
  readonly issuer: IssuerSpec;
  readonly spec: CertificateSpec;
}

const [, , file, nth] = process.argv;
const config = JSON.parse(readFileSync(file as string, 'utf8')) as CrashConfig;
const points: string[] = [];
let armed = false;

function reached(point: string): void {
  if (!armed) return;
  points.push(point);
  if (nth !== undefined && points.length === Number(nth)) {
    appendFileSync(config.points, `${point}\n`);
    process.kill(process.pid, 'SIGKILL');
    // The signal may take a moment: nothing may happen meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
  }
}

/** Counts the orders that the CA accepted, at the moment when it has; the ledger writes through the same points as everybody else. */
function decorate(services: Services): Services {
  const { acme } = services;
  const newOrder: typeof acme.newOrder = async (...args) => {
    const order = await acme.newOrder(...args);
    appendFileSync(config.orders, `${order.url}\n`);
    return order;
  };
  const counted = withCrashPoints({ ...services, acme: { ...acme, newOrder } }, reached);
  return { ...counted, ledger: new Ledger(counted.store, counted.clock, counted.ids) };
}

const core = await startCore(config.folder, { decorate });
const { services } = core;
await putTeam(services, 'shop');
await putCredential(services, 'shop', 'tsig', { secret: config.tsigSecret });
await putCluster(services, 'prod', config.kubeconfig);
await putIssuer(services, 'shop', 'pebble', config.issuer);
await core.composed.feed.drained();
armed = true;
await requestCertificate(services, 'shop', 'app', config.spec);
await settled(services, 'shop', 'app', 60_000);
await core.composed.feed.drained();
writeFileSync(config.points, points.join('\n'));
await core.stop();
process.exit(0);
