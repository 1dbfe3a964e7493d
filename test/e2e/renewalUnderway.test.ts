import { X509Certificate } from 'node:crypto';
import { readFileSync, realpathSync, watch } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Destination } from '../../lib/domain/destination.ts';
import { plusSeconds } from '../../lib/domain/time.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { type Core, eventually, loadCertificate, putIssuer, settled } from '../support/core.ts';
import { acmeIssuer, eventsOf, issuedChain, movableClock } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { Pebble } from '../support/peers/pebble.ts';
import { tempDir } from '../support/temp.ts';

/** Seconds that certificates of profile `shortlived` live: half of them are over when they are renewed. */
const SHORTLIVED = 18;

/** What a client saw of the server, each time that it connected. */
interface Seen {
  handshakes: number;
  readonly faults: string[];
  readonly serials: Set<string>;
}

/** A TLS server as people run it: it reads its certificate from a directory, and again when that changes. */
async function serveFrom(path: string): Promise<{ readonly server: Server; readonly port: number; close(): void }> {
  const read = () => {
    // The link is followed once, so that both files are of one set.
    const set = realpathSync(join(path, '..data'));
    return { cert: readFileSync(join(set, 'tls.crt')), key: readFileSync(join(set, 'tls.key')) };
  };
  const server = createServer(read(), (_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const watcher = watch(path, () => server.setSecureContext(read()));
  return {
    server,
    port: (server.address() as AddressInfo).port,
    close() {
      watcher.close();
      server.close();
    },
  };
}

/** Connects again and again until `stop`, and writes down whatever a careful client would not accept. */
function polled(port: number, name: string, roots: readonly string[]): { readonly seen: Seen; stop(): Promise<void> } {
  const seen: Seen = { handshakes: 0, faults: [], serials: new Set() };
  let stopped = false;
  const once = () =>
    new Promise<void>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', servername: name, ca: [...roots] }, () => {
        const { raw } = socket.getPeerCertificate();
        const leaf = new X509Certificate(raw);
        seen.handshakes++;
        seen.serials.add(leaf.serialNumber);
        if (leaf.validToDate.getTime() <= Date.now()) seen.faults.push(`expired: ${leaf.serialNumber}`);
        if (leaf.checkHost(name) === undefined) seen.faults.push(`another name: ${leaf.subjectAltName}`);
        socket.end();
        resolve();
      });
      socket.on('error', (error) => {
        seen.faults.push(error.message);
        resolve();
      });
    });
  const running = (async () => {
    while (!stopped) {
      await once();
      await sleep(25);
    }
  })();
  return {
    seen,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

describeWith(['pebble', 'bind'], 'renewal while a server serves', () => {
  let setup: AcmeSetup;
  let pebble: Pebble;
  let core: Core;
  const roots = tempDir('underway-roots');
  const clock = movableClock();

  beforeAll(async () => {
    setup = await startAcmeSetup('underway', {
      pebble: { profiles: { default: 90 * 86_400, shortlived: SHORTLIVED } },
      core: { directoryRoots: [roots], decorate: clock.decorate },
    });
    ({ pebble, core } = setup);
    await putIssuer(core.services, TEAM, 'long', acmeIssuer(pebble, { profile: 'default' }));
    await putIssuer(core.services, TEAM, 'short', acmeIssuer(pebble, { profile: 'shortlived' }));
  });
  afterAll(() => setup?.stop());

  const load = (name: string) => loadCertificate(core.services, TEAM, name);
  const renewals = async (name: string) =>
    (await eventsOf(core.services, `certificate/${TEAM}/${name}`)).filter(({ type }) => type === 'RenewalRequested');

  /** A certificate of the short profile in a directory, and a server that serves it. */
  async function served(name: string) {
    const path = join(roots, name);
    const destinations: Destination[] = [{ kind: 'directory', path }];
    await setup.request(name, 'short', { destinations });
    await settled(core.services, TEAM, name);
    const server = await serveFrom(path);
    return { server, client: polled(server.port, `${name}.example.test`, [await pebble.roots()]) };
  }

  it('a short-lived certificate is renewed again and again, and no client ever sees a wrong one', async () => {
    const { server, client } = await served('brief');
    await eventually('two renewals', async () => (await load('brief')).issued!.revision >= 3, 60_000);
    await settled(core.services, TEAM, 'brief');
    // The server reads what was delivered a little later than it is confirmed.
    await eventually('the third certificate is served', async () => client.seen.serials.size >= 3);
    await client.stop();
    server.close();
    expect(client.seen.faults).toEqual([]);
    expect(client.seen.handshakes).toBeGreaterThan(100);
    expect(client.seen.serials.size).toBeGreaterThanOrEqual(3);
  });

  it('a CA that is away for a part of the life costs nothing: the old one serves, and the next comes when it is back', async () => {
    const { server, client } = await served('away');
    // Twice it is away from before the renewal is due until little is left of the life.
    for (let times = 1; times <= 2; times++) {
      const { issued } = await load('away');
      const left = Date.parse(issued!.notAfter) - Date.now();
      pebble.pause();
      await sleep(Math.max(0, left - SHORTLIVED * 1000 * 0.35));
      pebble.resume();
      await eventually('the next revision', async () => (await load('away')).issued!.revision > issued!.revision);
    }
    await settled(core.services, TEAM, 'away');
    // The server reads what was delivered a little later than it is confirmed.
    await eventually('the third certificate is served', async () => client.seen.serials.size >= 3);
    await client.stop();
    server.close();
    expect(client.seen.faults).toEqual([]);
    expect(client.seen.serials.size).toBeGreaterThanOrEqual(3);
  });

  it('a window that the CA moves moves the renewal, and the CA is told what is replaced', async () => {
    await setup.request('moved', 'long');
    await settled(core.services, TEAM, 'moved');
    const first = await eventually('the CA is asked', async () => {
      const state = await load('moved');
      return state.renewalInfo && state;
    });
    const { start, end } = first.renewalInfo!.window;
    expect(start > plusSeconds(first.issued!.notBefore, 45 * 86_400)).toBe(true);
    expect(end < first.issued!.notAfter).toBe(true);

    const now = core.services.clock.now();
    const window = { start: plusSeconds(now, 3 * 86_400), end: plusSeconds(now, 4 * 86_400) };
    await pebble.setRenewalInfo(await issuedChain(core.services, TEAM, 'moved'), { suggestedWindow: window });
    clock.ahead(2 * 86_400);
    await core.engine.scan();
    await eventually('the window is read', async () => (await load('moved')).renewalInfo?.window.start !== start);
    expect(await renewals('moved')).toEqual([]);
    clock.ahead(2 * 86_400);
    await core.engine.scan();
    await eventually('revision 2', async () => (await load('moved')).issued!.revision === 2);
    expect(await renewals('moved')).toMatchObject([{ reason: 'AriWindow', revision: 2 }]);
    const { uid } = await load('moved');
    const [requested] = await eventsOf(core.services, `issuance/${uid}/2`);
    expect(requested).toMatchObject({ type: 'IssuanceRequested', replaces: first.issued!.acme!.certId });
    // The CA took it: the same certificate cannot be replaced twice.
    expect(pebble.log()).toContain('is a replacement of');
  });
});
