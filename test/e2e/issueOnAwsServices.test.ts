import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  DescribeKeyCommand,
  DisableKeyCommand,
  KMSClient,
  ListKeysCommand,
  ListResourceTagsCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { Route53Client } from '@aws-sdk/client-route-53';
import { GetSecretValueCommand, ListSecretVersionIdsCommand } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { destinations } from '../../lib/adapters/destinations.ts';
import { dnsProvider } from '../../lib/adapters/dns/dnsProvider.ts';
import { dnsProviders } from '../../lib/adapters/dnsProviders.ts';
import { kmsKeyMaker } from '../../lib/adapters/kms/keyMaker.ts';
import { kmsSigners } from '../../lib/adapters/kms/keySigner.ts';
import { x509WithKms } from '../../lib/adapters/kms/x509.ts';
import { httpClient } from '../../lib/adapters/net/client.ts';
import { addressGuard } from '../../lib/adapters/net/guard.ts';
import { route53Clients } from '../../lib/adapters/route53/clients.ts';
import { route53DnsProvider } from '../../lib/adapters/route53/dnsProvider.ts';
import { secretsManagerClients } from '../../lib/adapters/secretsManager/clients.ts';
import { secretsManagerDestinations } from '../../lib/adapters/secretsManager/destinations.ts';
import { exportKey } from '../../lib/application/certificates.ts';
import { publicCause } from '../../lib/application/publicCause.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { clientOf } from '../support/aws.ts';
import {
  type Core,
  eventually,
  loadCertificate,
  putIssuer,
  requestCertificate,
  settled,
  specOf,
  startCore,
} from '../support/core.ts';
import {
  acmeIssuer,
  certificatesOf,
  failedIssuance,
  newestIssuance,
  opensslVerify,
  renew,
} from '../support/issuing.ts';
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
  let kms: KMSClient;
  let secrets: ReturnType<ReturnType<typeof secretsManagerClients>>;
  const http = httpClient({ allow: ['*'] });

  beforeAll(async () => {
    aws = await startMinistack();
    const config = clientOf(aws);
    zone = await makeHostedZone(new Route53Client(config), 'example.test');
    resolver = await startZoneResolver([zone]);
    pebble = await startPebble({ dnsServer: resolver.address });
    kms = new KMSClient(config);
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
      accountKeys: kmsKeyMaker(kms, { instance: 'test', keyClass: 'account' }),
      caKeys: kmsKeyMaker(kms, { instance: 'test', keyClass: 'ca' }),
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
    kms?.destroy();
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

  const sealed = async (ref: string): Promise<string> =>
    Buffer.from((await core.services.vault.open(ref, TEAM))!).toString();
  const stateOf = async (KeyId: string) => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata!.KeyState;
  /** Keys in KMS that were made for a reference, and were not given up. */
  const keysFor = async (ref: string): Promise<string[]> => {
    const made: string[] = [];
    for (const { KeyId, KeyArn } of (await kms.send(new ListKeysCommand({}))).Keys!) {
      const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId }));
      const named = Tags!.some(({ TagKey, TagValue }) => TagKey === 'chancery.dev/ref' && TagValue === ref);
      if (named && (await stateOf(KeyId!)) === 'Enabled') made.push(KeyArn!);
    }
    return made;
  };

  it('has an account whose key is nowhere but in KMS, and is one', async () => {
    const ref = `account/${TEAM}/pebble`;
    expect(await keysFor(ref)).toEqual([await sealed(ref)]);
    expect(await newestIssuance(core.services, TEAM, 'app')).toContain(
      (await loadCertificate(core.services, TEAM, 'app')).uid,
    );
  });

  it('has a CA whose key is in KMS and signs leaves; its renewal takes another key and lets the first go, its deletion the last', async () => {
    const { services } = core;
    await putIssuer(services, TEAM, 'self', { selfSigned: {} });
    await putIssuer(services, TEAM, 'root', { ca: { secretName: 'root-tls' } });
    const own = (name: string) => ({ name, kind: 'Issuer' }) as const;
    const destination = { kind: 'secretsManager', name: `chancery/${TEAM}/root` } as const;
    const root = specOf({
      commonName: 'Shop root',
      dnsNames: [],
      isCA: true,
      duration: '87600h',
      issuerRef: own('self'),
      secretName: 'root-tls',
      destinations: [destination],
    });
    const issue = async (name: string) => {
      await requestCertificate(services, TEAM, name, specOf({ dnsNames: [`${name}.test`], issuerRef: own('root') }));
      const { issued } = await settled(services, TEAM, name);
      return { leaf: await sealed(issued!.chainRef), ca: await sealed(`${issued!.chainRef}/ca`) };
    };
    await requestCertificate(services, TEAM, 'root', root);
    const { uid, issued } = await settled(services, TEAM, 'root');
    const first = await sealed(issued!.keyRef!);
    expect(await keysFor(`key/${uid}/1`)).toEqual([first]);
    const one = await issue('one');
    expect(await opensslVerify(one.leaf, one.ca)).toMatch(/: OK$/);
    expect(one.ca).toBe(await sealed(issued!.chainRef));
    // Nobody can take the key out: neither a destination nor the API has it.
    expect(Object.keys(await secret(destination.name))).not.toContain('tls.key');
    await expect(exportKey(services, TEAM, 'root', { actor: 'test' })).rejects.toMatchObject({ code: 'KeyNotHeld' });

    await renew(services, TEAM, 'root', 1);
    const second = await sealed((await settled(services, TEAM, 'root')).issued!.keyRef!);
    await eventually('the first key is let go', async () => (await stateOf(first)) === 'PendingDeletion');
    expect([second === first, await stateOf(second)]).toEqual([false, 'Enabled']);
    const two = await issue('two');
    expect(await opensslVerify(two.leaf, two.ca)).toMatch(/: OK$/);

    const command = { type: 'Delete', withdraw: false } as const;
    await services.ledger.handle(certificateDecider, certificateStream(TEAM, 'root'), command, { actor: 'test' });
    await eventually('the second key is let go', async () => (await stateOf(second)) === 'PendingDeletion');
  });

  it('keeps the key of a CA over a renewal where rotationPolicy says Never', async () => {
    const { services } = core;
    const kind = { algorithm: 'RSA', size: 2048, encoding: 'PKCS1', rotationPolicy: 'Never' } as const;
    const spec = specOf({
      commonName: 'Old root',
      dnsNames: [],
      isCA: true,
      issuerRef: { name: 'self', kind: 'Issuer' },
      privateKey: kind,
    });
    await requestCertificate(services, TEAM, 'old', spec);
    const first = await sealed((await settled(services, TEAM, 'old')).issued!.keyRef!);
    await renew(services, TEAM, 'old', 1);
    const { uid, issued } = await settled(services, TEAM, 'old');
    expect(await sealed(issued!.keyRef!)).toBe(first);
    expect([await keysFor(`key/${uid}/2`), await stateOf(first)]).toEqual([[], 'Enabled']);
  });

  it('says that a key is disabled, or on its way out, as the cause', async () => {
    const { services } = core;
    const KeyId = await sealed(`account/${TEAM}/pebble`);
    const cause = async (name: string) => {
      await requestCertificate(services, TEAM, name, specOf({ dnsNames: [`${name}.example.test`] }));
      const { problem } = (await failedIssuance(services, TEAM, name)).failure;
      return publicCause(problem);
    };
    await kms.send(new DisableKeyCommand({ KeyId }));
    expect(await cause('disabled')).toMatchObject({
      code: 'SigningKeyUnusable',
      detail: expect.stringContaining('disabled'),
    });
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId }));
    expect(await cause('ending')).toMatchObject({
      code: 'SigningKeyUnusable',
      detail: expect.stringMatching(/pending (?:deletion|import)|PendingDeletion/i),
      remedy: expect.stringContaining('Enable the KMS key'),
    });
  });
});
