import { KMSClient, ListKeysCommand, ListResourceTagsCommand } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { opensslVerify } from '../../support/issuing.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { soon, startTenant, type Tenant } from '../../support/tenant.ts';

const TEAM = 'keys';

describeWith(['ministack', 'pebble', 'kubernetes', 'openssl'], 'On the deployed app, with keys in KMS', () => {
  let app: Deployed;
  let tenant: Tenant;
  let kms: KMSClient;
  beforeAll(async () => {
    app = await deployed();
    tenant = await startTenant(app, TEAM);
    kms = new KMSClient(app.client);
  }, DEPLOYING);
  afterAll(async () => {
    kms?.destroy();
    await tenant?.stop();
  });

  /** What the keys are for that the functions made for the team. */
  const made = async (): Promise<string[]> => {
    const refs: string[] = [];
    for (const { KeyId } of (await kms.send(new ListKeysCommand({}))).Keys!) {
      const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId }));
      const tags = Object.fromEntries(Tags!.map(({ TagKey, TagValue }) => [TagKey, TagValue]));
      if (tags['chancery.dev/owner'] === TEAM) refs.push(`${tags['chancery.dev/class']} ${tags['chancery.dev/ref']}`);
    }
    return refs;
  };

  it('an account of an ACME CA signs with a key that nobody can take out, and obtains a certificate', async () => {
    await tenant.request('web', ['web.keys.example.test']);
    await tenant.settled('web');
    expect(await opensslVerify((await tenant.delivered('web')).chain, await tenant.pebble.roots())).toMatch(/: OK$/);
    expect(await made()).toContainEqual(expect.stringMatching(/^account account\/keys\//));
  });

  it('an account takes another key there, and goes on with it', async () => {
    expect((await app.request('POST', `/v1/teams/${TEAM}/issuers/ca/rekey`)).status).toBe(202);
    await soon('the key is changed', async () => {
      const { account } = (await app.request('GET', `/v1/teams/${TEAM}/issuers/ca`)).json.status;
      if (account.keyChange) throw new Error(JSON.stringify(account));
    });
    expect(await made()).toContain('account account/keys/ca/2');
    await tenant.renew('web');
    await tenant.settled('web', 2);
  });

  it('data keys are wrapped anew beside the living service, and open as before', async () => {
    const { rewrapped, done } = (await app.invoke('rewrap')) as { rewrapped: number; done: boolean };
    expect([rewrapped > 3, done]).toEqual([true, true]);
    await tenant.renew('web');
    await tenant.settled('web', 3);
  });

  it('a CA of its own signs a leaf with a key that neither its secret nor an export has', async () => {
    const put = async (kind: string, name: string, spec: object) => {
      const answer = await app.request('PUT', `/v1/teams/${TEAM}/${kind}/${name}`, { body: { spec } });
      expect([name, answer.status]).toEqual([name, 201]);
    };
    const secretsManager = (name: string) => [{ kind: 'secretsManager', name: `chancery/${TEAM}/${name}` }];
    await put('issuers', 'self', { selfSigned: {} });
    await put('issuers', 'root', { ca: { secretName: 'root-tls' } });
    const root = { commonName: 'Root of keys', isCA: true, secretName: 'root-tls', issuerRef: { name: 'self' } };
    await put('certificates', 'root', { ...root, duration: '8760h', destinations: secretsManager('root') });
    await tenant.settled('root');
    const leaf = { dnsNames: ['leaf.keys.example.test'], issuerRef: { name: 'root' } };
    await put('certificates', 'leaf', { ...leaf, destinations: secretsManager('leaf') });
    await tenant.settled('leaf');

    const secrets = new SecretsManagerClient(app.client);
    const secret = async (name: string): Promise<Record<string, string>> => {
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: `chancery/${TEAM}/${name}` }));
      return JSON.parse(SecretString!);
    };
    const [ca, signed] = [await secret('root'), await secret('leaf')];
    expect(await opensslVerify(signed['tls.crt']!, ca['tls.crt']!)).toMatch(/: OK$/);
    expect([ca['tls.key'], signed['tls.key']]).toEqual([undefined, expect.stringContaining('PRIVATE KEY')]);
    const body = { team: TEAM, verbs: ['read', 'key'], expiresIn: '1h' };
    const { token } = (await app.request('POST', '/v1/tokens', { body })).json;
    const path = `/v1/teams/${TEAM}/certificates/root/pem?key=true`;
    const exported = await app.request('GET', path, { token });
    expect([exported.status, exported.json.code]).toEqual([409, 'KeyNotHeld']);
    expect(await made()).toContainEqual(expect.stringMatching(/^ca key\//));
  });
});
