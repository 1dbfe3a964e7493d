import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { Route53Client } from '@aws-sdk/client-route-53';
import { GetSecretValueCommand, ListSecretVersionIdsCommand } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { destinations } from '../../lib/adapters/destinations.ts';
import { dnsProvider } from '../../lib/adapters/dns/dnsProvider.ts';
import { dnsProviders } from '../../lib/adapters/dnsProviders.ts';
import { kmsSigners } from '../../lib/adapters/kms/keySigner.ts';
import { x509WithKms } from '../../lib/adapters/kms/x509.ts';
import { httpClient } from '../../lib/adapters/net/client.ts';
import { addressGuard } from '../../lib/adapters/net/guard.ts';
import { route53Clients } from '../../lib/adapters/route53/clients.ts';
import { route53DnsProvider } from '../../lib/adapters/route53/dnsProvider.ts';
import { secretsManagerClients } from '../../lib/adapters/secretsManager/clients.ts';
import { secretsManagerDestinations } from '../../lib/adapters/secretsManager/destinations.ts';
import type { Services } from '../../lib/application/services.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { clientOf } from '../support/aws.ts';
import {
  type Core,
  loadCertificate,
  putIssuer,
  requestCertificate,
  settled,
  specOf,
  startCore,
} from '../support/core.ts';
import { acmeIssuer, certificatesOf, newestIssuance, opensslVerify, renew } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type HostedZone, makeHostedZone, startZoneResolver } from '../support/peers/hostedZone.ts';
import { type Ministack, startMinistack } from '../support/peers/ministack.ts';
import { type Pebble, startPebble } from '../support/peers/pebble.ts';
import { tempDir } from '../support/temp.ts';

const TEAM = 'shop';

/** The service as it runs embedded, with DNS, destinations and account keys on AWS. */
describeWith(['ministack', 'pebble', 'openssl'], 'a certificate by Route 53, KMS and Secrets Manager', () => {
  let aws: Ministack;
  let pebble: Pebble;
  let zone: HostedZone;
  let resolver: Awaited<ReturnType<typeof startZoneResolver>>;
  let core: Core;
  let secrets: ReturnType<ReturnType<typeof secretsManagerClients>>;
  const http = httpClient({ allow: ['*'] });

  beforeAll(async () => {
    aws = await startMinistack();
    const config = clientOf(aws);
    zone = await makeHostedZone(new Route53Client(config), 'example.test');
    resolver = await startZoneResolver([zone]);
    pebble = await startPebble({ dnsServer: resolver.address });
    const kms = new KMSClient(config);
    const made = await kms.send(new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }));
    const roles = { config, sts: new STSClient(config), sessionName: 'chancery-test' };
    const client = secretsManagerClients(roles);
    secrets = client({});
    const dns = dnsProvider({ http, guard: addressGuard(['*']), resolvers: [resolver.address] });
    const route53 = route53DnsProvider({ client: route53Clients(roles), dns });
    const decorate = (services: Services): Services => ({
      ...services,
      dns: dnsProviders({ dns, route53 }),
      destinations: destinations({ secretsManager: secretsManagerDestinations({ client }) }),
      x509: x509WithKms(services.x509, kmsSigners(kms)),
      accountKey: async () => made.KeyMetadata!.Arn!,
    });
    core = await startCore(tempDir('aws'), { decorate });
    const { ledger } = core.services;
    const policy = policyOf(TEAM, { names: ['**'], route53Zones: [zone.id] });
    await ledger.handle(teamDecider, teamStream(TEAM), { type: 'Put', policy }, { actor: 'test' });
    const solvers = [{ dns01: { route53: { hostedZoneID: zone.id }, nameservers: [resolver.address] } }];
    await putIssuer(core.services, TEAM, 'pebble', acmeIssuer(pebble, { solvers }));
  });
  afterAll(async () => {
    await core?.stop();
    await http.close();
    await pebble?.stop();
    await resolver?.stop();
    await aws?.stop();
  });

  const secret = async (name: string, stage = 'AWSCURRENT'): Promise<Record<string, string>> => {
    const command = new GetSecretValueCommand({ SecretId: name, VersionStage: stage });
    return JSON.parse((await secrets.send(command)).SecretString!);
  };

  it('holds a name and its wildcard, is proved in the hosted zone, and arrives as a secret; renewal keeps the one before', async () => {
    const dnsNames = ['app.example.test', '*.app.example.test'];
    const destination = { kind: 'secretsManager', name: `chancery/${TEAM}/app-{uid}` } as const;
    await requestCertificate(core.services, TEAM, 'app', specOf({ dnsNames, destinations: [destination] }));
    const { uid } = await settled(core.services, TEAM, 'app');
    const name = `chancery/${TEAM}/app-${uid.slice(0, 8)}`;

    const first = await secret(name);
    expect(await opensslVerify(first['tls.crt']!, await pebble.roots())).toMatch(/: OK$/);
    const [leaf] = certificatesOf(first['tls.crt']!);
    expect(leaf!.subjectAltName?.split(', ').sort()).toEqual(['DNS:*.app.example.test', 'DNS:app.example.test']);
    expect(leaf!.checkPrivateKey(createPrivateKey(first['tls.key']!))).toBe(true);
    expect(first['tls-combined.pem']).toBe(`${first['tls.key']!.trimEnd()}\n${first['tls.crt']}`);
    expect(await zone.query('_acme-challenge.app.example.test', 'TXT')).toEqual([]);

    await renew(core.services, TEAM, 'app', 1);
    await settled(core.services, TEAM, 'app');
    const second = await secret(name);
    expect(new X509Certificate(second['tls.crt']!).serialNumber).not.toBe(leaf!.serialNumber);
    expect(await secret(name, 'AWSPREVIOUS')).toEqual(first);
    const versions = await secrets.send(new ListSecretVersionIdsCommand({ SecretId: name }));
    expect(versions.Versions).toHaveLength(2);
    expect(await zone.query('_acme-challenge.app.example.test', 'TXT')).toEqual([]);
  });

  it('has an account whose key is nowhere but in KMS', async () => {
    const { vault } = core.services;
    const sealed = Buffer.from((await vault.open(`account/${TEAM}/pebble`, TEAM))!).toString();
    expect(sealed).toMatch(/^arn:aws:kms:/);
    expect(await newestIssuance(core.services, TEAM, 'app')).toContain(
      (await loadCertificate(core.services, TEAM, 'app')).uid,
    );
  });
});
