import { createPrivateKey } from 'node:crypto';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { certificatesOf, opensslVerify } from '../../support/issuing.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { cleanedUp, ended, soon, startTenant, type Tenant } from '../../support/tenant.ts';

const TEAM = 'shop';

describeWith(['ministack', 'pebble', 'kubernetes', 'openssl'], 'On the deployed app', () => {
  let app: Deployed;
  let shop: Tenant;
  beforeAll(async () => {
    app = await deployed();
    shop = await startTenant(app, TEAM);
  }, DEPLOYING);
  afterAll(() => shop?.stop());

  it('a certificate asked for through API Gateway ends as a Secret in a real cluster, its chain verified', async () => {
    await shop.request('web', ['web.example.test', '*.web.example.test']);
    await shop.settled('web');
    const { leaf, chain } = await shop.delivered('web');
    expect(await opensslVerify(chain, await shop.pebble.roots())).toMatch(/: OK$/);
    expect(leaf.subjectAltName?.split(', ').sort()).toEqual(['DNS:*.web.example.test', 'DNS:web.example.test']);
    const { data, type } = (await shop.secret('web'))!;
    expect(type).toBe('kubernetes.io/tls');
    const key = Buffer.from(data!['tls.key']!, 'base64').toString('utf8');
    expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(await shop.pebble.certStatus(leaf.serialNumber)).toMatchObject({ status: 'Valid' });
    expect(shop.orders()).toBe(1);
    await cleanedUp(app, 'web.example.test');
  });

  it('it took eight transitions to issue and one to deliver; twenty names take as many', async () => {
    const many = Array.from({ length: 20 }, (_, index) => `n${index}.many.example.test`);
    await shop.request('many', many);
    await shop.settled('many');
    expect((await shop.delivered('many')).leaf.subjectAltName?.split(', ')).toHaveLength(20);
    for (const name of ['web', 'many']) {
      const issuing = await ended(`issuing ${name}`, () => shop.issuing(name));
      const delivering = await ended(`delivering ${name}`, () => shop.delivering(name));
      expect([issuing.status, delivering.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
      const steps = [
        'Order',
        'OrderDone',
        'Challenge',
        'ChallengeDone',
        'Finalize',
        'FinalizeDone',
        'Store',
        'CleanUp',
      ];
      expect(issuing.states).toEqual(steps);
      expect(delivering.states).toEqual(['Push']);
    }
  });

  it('a renewal delivers the next revision with another key, by one more order', async () => {
    const before = await shop.delivered('web');
    const orders = shop.orders();
    expect((await shop.renew('web')).status).toBe(202);
    await shop.settled('web', 2);
    const after = await shop.delivered('web');
    expect(after.leaf.serialNumber).not.toBe(before.leaf.serialNumber);
    expect(after.leaf.publicKey.equals(before.leaf.publicKey)).toBe(false);
    expect(await opensslVerify(after.chain, await shop.pebble.roots())).toMatch(/: OK$/);
    expect(shop.orders()).toBe(orders + 1);
    expect(certificatesOf(after.chain).length).toBeGreaterThan(1);
  });

  it('a self-signed one goes to Secrets Manager', async () => {
    await app.request('PUT', `/v1/teams/${TEAM}/issuers/own`, { body: { spec: { selfSigned: {} } } });
    const destinations = [{ kind: 'secretsManager', name: 'chancery/shop/own' }];
    const spec = { dnsNames: ['own.example.test'], issuerRef: { name: 'own' }, destinations };
    expect((await app.request('PUT', `/v1/teams/${TEAM}/certificates/own`, { body: { spec } })).status).toBe(201);
    await shop.settled('own');
    const secrets = new SecretsManagerClient(app.client);
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'chancery/shop/own' }));
    const [leaf] = certificatesOf(JSON.parse(SecretString!)['tls.crt']);
    expect(leaf!.subjectAltName).toBe('DNS:own.example.test');
    expect(leaf!.verify(leaf!.publicKey)).toBe(true);
  });

  it('lists, which the feed keeps, show what is there', async () => {
    const list = () => app.request('GET', `/v1/teams/${TEAM}/certificates`);
    const ready = await soon('the list is up to date', async () => {
      const items: { name: string; ready: boolean }[] = (await list()).json.items;
      if (!items.every((one) => one.ready)) throw new Error(JSON.stringify(items));
      return items;
    });
    expect(ready.map(({ name }) => name)).toEqual(['many', 'own', 'web']);
  });

  it('the scan finds nothing that it cannot do', async () => {
    expect(await app.invoke('scan')).toMatchObject({ failed: 0 });
  });

  it('challenges are answered to anybody, and only those that are presented', async () => {
    expect((await app.request('GET', '/.well-known/acme-challenge/none', { token: '' })).status).toBe(404);
  });
});
