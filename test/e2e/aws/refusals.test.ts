import { DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateSecretCommand, DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { acmeIssuer } from '../../support/issuing.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { startZoneResolver } from '../../support/peers/hostedZone.ts';
import { startPebble } from '../../support/peers/pebble.ts';
import { cleanedUp, soon, startTenant, type Tenant } from '../../support/tenant.ts';

const TEAM = 'refused';

/** Each says where it stands and what to do, costs no order more than needed, and ends well when the cause is gone. */
describeWith(['ministack', 'pebble', 'kubernetes'], 'On the deployed app, what AWS refuses', () => {
  let app: Deployed;
  let refused: Tenant;
  let kms: KMSClient;
  let KeyId: string;
  beforeAll(async () => {
    app = await deployed();
    refused = await startTenant(app, TEAM);
    kms = new KMSClient(app.client);
    KeyId = (await app.environmentOf('api')).VAULT_KEY!;
  }, DEPLOYING);
  afterEach(async () => void (await kms.send(new EnableKeyCommand({ KeyId }))));
  afterAll(() => refused?.stop());

  const cause = (name: string) =>
    soon(`${name} has failed`, async () => {
      const { issuance } = (await refused.describe(name)).status;
      if (issuance?.status !== 'failed') throw new Error(JSON.stringify(issuance));
      return issuance.cause;
    });

  it('because the key of the vault is disabled is tried again when it is enabled', async () => {
    await kms.send(new DisableKeyCommand({ KeyId }));
    await refused.request('sealed');
    expect(await cause('sealed')).toMatchObject({
      code: 'internal',
      detail: expect.stringContaining('KMS does not do it now: DisabledException'),
    });
    await kms.send(new EnableKeyCommand({ KeyId }));
    expect((await refused.renew('sealed')).status).toBe(202);
    await refused.settled('sealed');
    expect(refused.orders()).toBe(1);
  });

  it.each([
    ['no zone of ours holds the name', 'unheld', {}, 'www.elsewhere.test', '_acme-challenge.www.elsewhere.test'],
    [
      'the zone that the solver names is not there',
      'unzoned',
      { hostedZoneID: 'ZNOTTHERE' },
      'www.example.test',
      'no such hosted zone',
    ],
  ])('because %s is told with the place', async (_, name, route53, dnsName, place) => {
    const issuer = `${TEAM}-${name}`;
    const spec = acmeIssuer(refused.front, { solvers: [{ dns01: { route53, nameservers: [app.resolver] } }] });
    expect((await app.request('PUT', `/v1/clusterissuers/${issuer}`, { body: { spec } })).status).toBe(201);
    const issuerRef = { name: issuer, kind: 'ClusterIssuer' };
    const body = { spec: { dnsNames: [dnsName], issuerRef, secretName: name } };
    expect((await app.request('PUT', `/v1/teams/${TEAM}/certificates/${name}`, { body })).status).toBe(201);
    const { code, detail, remedy } = await cause(name);
    expect(code).toBe('DnsNotZone');
    expect(detail).toContain(place);
    expect(remedy).toContain('zone');
  });

  it("because the zone's answers do not hold for who validates them is told in the CA's words, and nothing is left in the zone", async () => {
    // What a validating resolver answers with where DNSSEC is broken: SERVFAIL (RFC 4035 5.5).
    const bogus = async () => {
      throw new Error('bogus');
    };
    const resolver = await startZoneResolver([{ ...app.zone, query: bogus, sets: bogus }]);
    const ca = await startPebble({ dnsServer: resolver.address });
    const dns01 = { route53: { hostedZoneID: app.zone.id }, nameservers: [app.resolver] };
    const body = { spec: acmeIssuer(ca, { solvers: [{ dns01 }] }) };
    expect((await app.request('PUT', `/v1/teams/${TEAM}/issuers/bogus`, { body })).status).toBe(201);
    const spec = { dnsNames: ['bogus.example.test'], issuerRef: { name: 'bogus' }, secretName: 'bogus' };
    expect((await app.request('PUT', `/v1/teams/${TEAM}/certificates/bogus`, { body: { spec } })).status).toBe(201);
    // Pebble calls it unauthorized, where other CAs say dns.
    expect(await cause('bogus')).toMatchObject({
      code: 'unauthorized',
      identifier: 'bogus.example.test',
      detail: expect.stringContaining('returned an unsuccessful response: 2'),
    });
    await cleanedUp(app, 'bogus.example.test');
    await ca.stop();
    await resolver.stop();
  });

  it('because a secret of the name is about to be deleted is a refusal of the delivery alone', async () => {
    const secrets = new SecretsManagerClient(app.client);
    const SecretId = `chancery/${TEAM}/deleted`;
    await secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: 'of somebody else' }));
    await secrets.send(new DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }));
    await refused.request('deleted', undefined, { kind: 'secretsManager', name: SecretId });
    const deliveries = await soon('the deliveries end', async () => {
      const { deliveries: found } = (await refused.describe('deleted')).status;
      const statuses = found.map(({ status }: { status: string }) => status);
      if (statuses.join() !== 'confirmed,refused') throw new Error(statuses.join());
      return found;
    });
    expect(deliveries[1].cause).toMatchObject({ code: 'ScheduledForDeletion' });
    expect(deliveries[1].cause.detail).toContain('restore-secret');
  });
});
