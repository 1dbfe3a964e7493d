import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Destination } from '../../lib/domain/destination.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { type Core, eventually, loadCertificate, putCluster, putIssuer, settled } from '../support/core.ts';
import { acmeIssuer, certificatesOf, eventsOf, movableClock, newestIssuance, renew } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { Pebble } from '../support/peers/pebble.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';
import { tempDir } from '../support/temp.ts';

/** Seconds. Pebble's certificates of this profile are renewed a third before, which is seconds after they were issued. */
const VALID = 15;

describeWith(['pebble', 'bind', 'kubernetes'], 'renewal by the due index', () => {
  let cluster: Awaited<ReturnType<typeof sharedCluster>>;
  let setup: AcmeSetup;
  let pebble: Pebble;
  let core: Core;
  let namespace: string;
  const roots = tempDir('renewal-roots');
  const clock = movableClock();

  beforeAll(async () => {
    cluster = await sharedCluster();
    namespace = await cluster.makeNamespace('renewal');
    setup = await startAcmeSetup('renewal', {
      pebble: { profiles: { seconds: VALID } },
      core: { directoryRoots: [roots], decorate: clock.decorate },
    });
    ({ pebble, core } = setup);
    const { services } = core;
    await putCluster(services, 'prod', cluster.kubeconfig());
    await putIssuer(services, TEAM, 'self', { selfSigned: {} });
    await putIssuer(services, TEAM, 'seconds', acmeIssuer(pebble, { profile: 'seconds' }));
  });
  afterAll(() => setup?.stop());

  const fingerprint = (pem: string) => certificatesOf(pem)[0]!.fingerprint256.replaceAll(':', '').toLowerCase();

  /** Waits for a revision, and for it to be everywhere. */
  async function revised(name: string, revision: number) {
    await eventually(`${name} has revision ${revision}`, async () => {
      const { issued, issuing } = await loadCertificate(core.services, TEAM, name);
      return !issuing && issued!.revision >= revision;
    });
    return settled(core.services, TEAM, name);
  }

  it('a certificate that lives for seconds is ordered again by itself, well before its end', async () => {
    await setup.request('brief', 'seconds');
    const first = (await settled(core.services, TEAM, 'brief')).issued!;
    const second = (await revised('brief', 2)).issued!;
    expect(second.serial).not.toBe(first.serial);
    expect(second.notBefore < first.notAfter).toBe(true);
    const requested = (await eventsOf(core.services, `certificate/${TEAM}/brief`)).find(
      ({ type }) => type === 'RenewalRequested',
    );
    expect(requested).toMatchObject({ revision: 2, reason: 'Expiring' });
  });

  it('when its time comes, revision 2 is issued once and goes to every destination', async () => {
    const path = join(roots, 'web');
    const destinations: Destination[] = [
      { kind: 'kubernetes', cluster: 'prod', namespace, secretName: 'web' },
      { kind: 'kubernetes', cluster: 'prod', namespace, secretName: 'web-copy' },
      { kind: 'directory', path },
    ];
    await setup.request('web', 'self', { duration: '1h', renewBefore: '20m', destinations });
    const before = (await settled(core.services, TEAM, 'web')).issued!;

    clock.ahead(35 * 60);
    await core.engine.scan();
    expect((await loadCertificate(core.services, TEAM, 'web')).lastRevision).toBe(1);

    clock.ahead(5 * 60);
    const { issued } = await revised('web', 2);
    expect(issued!.revision).toBe(2);
    expect(issued!.fingerprint).not.toBe(before.fingerprint);
    for (const name of ['web', 'web-copy']) {
      const secret = await cluster.secret(namespace, name);
      expect(fingerprint(Buffer.from(secret!.data!['tls.crt']!, 'base64').toString('utf8'))).toBe(issued!.fingerprint);
    }
    expect(fingerprint(readFileSync(join(path, 'tls.crt'), 'utf8'))).toBe(issued!.fingerprint);
  });

  it('asking again while a renewal runs changes nothing', async () => {
    await setup.request('twice', 'seconds');
    await settled(core.services, TEAM, 'twice');
    // Held still, so that the renewal runs for as long as this needs.
    pebble.pause();
    try {
      await Promise.all(Array.from({ length: 5 }, () => renew(core.services, TEAM, 'twice', 1)));
      await renew(core.services, TEAM, 'twice', 1);
      await core.engine.scan();
    } finally {
      pebble.resume();
    }
    const running = await newestIssuance(core.services, TEAM, 'twice');
    await revised('twice', 2);
    const events = await eventsOf(core.services, `certificate/${TEAM}/twice`);
    const renewals = events.filter(({ type }) => type === 'RenewalRequested') as unknown as { revision: number }[];
    expect(renewals.filter(({ revision }) => revision === 2)).toHaveLength(1);
    expect((await eventsOf(core.services, running)).filter(({ type }) => type === 'OrderPlaced')).toHaveLength(1);
  });
});
