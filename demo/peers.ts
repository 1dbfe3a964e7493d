import { startBind } from '../test/support/peers/bind.ts';
import type { NameServer } from '../test/support/peers/dns.ts';
import { build, type GoModule, goModules, isBuilt } from '../test/support/peers/goModules.ts';
import { startKnot } from '../test/support/peers/knot.ts';
import { type Kubernetes, startKubernetes } from '../test/support/peers/kubernetes.ts';
import { whyMissing } from '../test/support/peers/missing.ts';
import { type Pebble, startPebble } from '../test/support/peers/pebble.ts';
import type { Screen } from './screen.ts';

/** The software that the demo shows Chancery with; none of it is Chancery's. */
export interface Peers {
  readonly dns: NameServer;
  readonly ca: Pebble;
  readonly cluster: Kubernetes;
}

/** Something on this machine keeps the demo from running; the message says what, and what to do. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

/**
 * Builds what is not built yet, and starts a name server, an ACME CA and a Kubernetes API server on loopback.
 * @param onStarted is told how to end each of them, as it starts
 * @throws CannotRun
 */
export async function startPeers(
  screen: Screen,
  zone: string,
  onStarted: (stop: () => Promise<void>) => void,
): Promise<Peers> {
  const bind = whyMissing('bind');
  const missing = [
    whyMissing('openssl'),
    bind && whyMissing('knot') ? bind : undefined,
    whyMissing('pebble'),
    whyMissing('kubernetes'),
  ].filter((reason) => reason !== undefined);
  if (missing.length > 0) throw new CannotRun(missing.join('\n'));
  for (const module of [goModules.pebble, goModules.kubetest]) await make(screen, module);

  const dns = await screen.step(`name server: ${bind ? 'Knot' : 'BIND'}, primary for ${zone}`, () =>
    bind ? startKnot({ zones: [zone] }) : startBind({ zones: [zone] }),
  );
  onStarted(dns.stop);
  const ca = await screen.step('CA: Pebble, the test CA of the makers of Let’s Encrypt', () =>
    startPebble({ dnsServer: dns.address }),
  );
  onStarted(ca.stop);
  const cluster = await screen.step('cluster: kube-apiserver with etcd', startKubernetes);
  onStarted(cluster.stop);
  return { dns, ca, cluster };
}

async function make(screen: Screen, module: GoModule): Promise<void> {
  if (isBuilt(module)) return;
  await screen.step(`building ${module.folder} from source (only the first time, ${module.expected})`, () =>
    build(module),
  );
}
