import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clusterAccess } from '../../lib/application/clusters.ts';
import { type Service, serve } from '../../server/serve.ts';
import {
  eventually,
  putCluster,
  putCredential,
  putIssuer,
  putTeam,
  requestCertificate,
  settled,
  specOf,
} from '../support/core.ts';
import { type EventReceiver, startEventReceiver } from '../support/eventReceiver.ts';
import { acmeIssuer, failedIssuance, http01, rfc2136, stuckDelivery, TSIG } from '../support/issuing.ts';
import { leaks, sealedKeys } from '../support/leaks.ts';
import { startBind } from '../support/peers/bind.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type NameServer, newTsigSecret } from '../support/peers/dns.ts';
import { type Pebble, startPebble } from '../support/peers/pebble.ts';
import { sharedCluster } from '../support/peers/sharedCluster.ts';
import { tempDir } from '../support/temp.ts';

const TEAM = 'shop';
/** Files that are there to hold a secret, below the data folder; each is for its owner alone. */
const KEEPERS = /^(?:master\.key|admin\.token|tls\/.*tls\.key)$/;

describeWith(['pebble', 'bind', 'kubernetes'], 'what is secret', () => {
  let bind: NameServer;
  let pebble: Pebble;
  let cluster: Awaited<ReturnType<typeof sharedCluster>>;
  let service: Service;
  /** Who is told of public events. */
  let receiver: EventReceiver;
  let data: string;
  /** Everything that the program says, and all that its state machines hand on. */
  const said: string[] = [];
  /** What nobody may see, by what it is. */
  const secrets = new Map<string, string>();

  const ref = (name: string) => ({ name, kind: 'Issuer' }) as const;

  beforeAll(async () => {
    data = join(tempDir('leak'), 'data');
    bind = await startBind({ zones: ['example.test', { name: 'closed.test', allowUpdate: false }] });
    pebble = await startPebble({ dnsServer: bind.address, externalAccountRequired: true });
    cluster = await sharedCluster();
    receiver = await startEventReceiver();
    const say = (...words: unknown[]): void => void said.push(JSON.stringify(words));
    service = await serve({
      version: '0.0.0-test',
      data,
      api: { host: '127.0.0.1', port: 0 },
      challenges: { host: '127.0.0.1', port: pebble.httpPort },
      hosts: [],
      notify: { urls: [receiver.url] },
      allow: ['*'],
      directoryRoots: [],
      log: { info: say, warn: say, error: say },
      observer: { task: (...all) => say(...all) },
    });
  });
  afterAll(async () => {
    await service?.stop();
    await receiver?.close();
    await pebble?.stop();
    await bind?.stop();
  });

  it('stays in the vault, through issuances and deliveries that succeed and that fail', async () => {
    const { services } = service.composed;
    const namespace = await cluster.makeNamespace('leak');
    const token = await cluster.makeToken({ namespace });
    const wrongTsig = newTsigSecret();
    const wrongToken = randomBytes(24).toString('base64url');
    secrets.set('TSIG secret', bind.tsigSecret).set('wrong TSIG secret', wrongTsig);
    secrets.set('EAB key', pebble.eab.hmacKey).set('cluster token', token).set('wrong cluster token', wrongToken);
    secrets.set('admin token', readFileSync(service.tokenFile, 'utf8').trim());

    await putTeam(services, TEAM);
    await putCredential(services, TEAM, TSIG, { secret: bind.tsigSecret });
    await putCredential(services, TEAM, 'wrong', { secret: wrongTsig });
    await putCredential(services, TEAM, 'eab', { key: pebble.eab.hmacKey });
    await putCluster(services, 'prod', cluster.kubeconfig({ token }));
    await putCluster(services, 'wrong', cluster.kubeconfig({ token: wrongToken }));
    const externalAccountBinding = { keyID: pebble.eab.kid, keySecretRef: { name: 'eab', key: 'key' } };
    const { dns01 } = rfc2136(bind);
    const wrongUpdate = { ...dns01!.rfc2136!, tsigSecretSecretRef: { name: 'wrong', key: 'secret' } };
    const solvers = [{ ...rfc2136(bind), selector: { dnsNames: ['*.dns.example.test', 'no.closed.test'] } }, http01];
    await putIssuer(services, TEAM, 'ca', acmeIssuer(pebble, { externalAccountBinding, solvers }));
    const wrongSolvers = [{ dns01: { ...dns01, rfc2136: wrongUpdate } }];
    await putIssuer(services, TEAM, 'wrong', acmeIssuer(pebble, { externalAccountBinding, solvers: wrongSolvers }));

    const to = (name: string, where = 'prod') =>
      ({ kind: 'kubernetes', cluster: where, namespace, secretName: name }) as const;
    const ask = (name: string, dnsNames: string[], issuer: string, where = 'prod') =>
      requestCertificate(
        services,
        TEAM,
        name,
        specOf({ dnsNames, issuerRef: ref(issuer), secretName: name, destinations: [to(name, where)] }),
      );
    await ask('web', ['web.example.test', '*.dns.example.test'], 'ca');
    await ask('refused', ['no.closed.test'], 'ca');
    await ask('wrong', ['wrong.example.test'], 'wrong');
    await ask('undelivered', ['undelivered.example.test'], 'ca', 'wrong');
    await settled(services, TEAM, 'web');
    await failedIssuance(services, TEAM, 'refused');
    await failedIssuance(services, TEAM, 'wrong');
    await stuckDelivery(services, to('undelivered', 'wrong'), 'refused', 'Unauthorized');
    await service.composed.feed.drained();

    for (const [what, key] of await sealedKeys(services)) secrets.set(what, key);
    expect((await clusterAccess(services, 'prod')).token).toBe(token);
    // Of the built-in CA, the service itself, two accounts, and the two certificates that came.
    expect([...secrets.keys()].filter((name) => name.startsWith('key '))).toHaveLength(6);
    expect(said.length).toBeGreaterThan(15);
    expect(new Set(receiver.types())).toEqual(
      new Set(['requested', 'issued', 'delivered', 'failed'].map((type) => `certificate.${type}`)),
    );

    expect(await find()).toEqual([]);
    // The search itself is not blind: it finds what lies open by intent.
    expect(search('the cluster', JSON.stringify(await cluster.secret(namespace, 'web')))).not.toEqual([]);
  });

  /** Where any secret is readable: in files of the data folder (events, views and sealed rows are in one), or in what was said. */
  async function find(): Promise<string[]> {
    // What is only in memory is written first.
    await eventually('the service is idle', async () => service.composed.workflows.running === 0);
    const files = (readdirSync(data, { recursive: true }) as string[])
      .map((file) => join(data, file))
      .filter((file) => statSync(file).isFile() && !KEEPERS.test(relative(data, file)));
    expect(files.some((file) => file.endsWith('chancery.db'))).toBe(true);
    expect(files.some((file) => file.endsWith('-wal'))).toBe(true);
    return [
      ...files.flatMap((file) => search(relative(data, file), readFileSync(file).toString('latin1'))),
      ...search('log or state machine', said.join('\n')),
      ...search('public event', JSON.stringify(receiver.calls)),
    ];
  }

  const search = (where: string, text: string) => leaks(secrets, where, text);
});
