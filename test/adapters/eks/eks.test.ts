import { createHash, createHmac, randomBytes } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, test } from 'vitest';
import { eksAccess } from '../../../lib/adapters/eks/access.ts';
import { eksToken } from '../../../lib/adapters/eks/token.ts';

const secret = () => randomBytes(24).toString('base64url');
const NOW = Date.UTC(2026, 10, 22, 9, 40, 7);

/** Node's SHA-256 and HMAC, as the SDK's signer takes them. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;
  constructor(key?: string | Uint8Array) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  digest = async () => new Uint8Array(this.#hash.digest());
  reset(): void {}
}

const urlOf = (token: string): URL => {
  const [, coded] = /^k8s-aws-v1\.([A-Za-z0-9_-]+)$/.exec(token)!;
  return new URL(Buffer.from(coded!, 'base64url').toString());
};

describe('a token for a cluster of EKS', () => {
  test.each([
    ['of a role', { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: secret(), sessionToken: `${secret()}/+=${secret()}` }],
    ['of a user', { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: secret() }],
  ])("is the URL that the SDK's own signer makes, with credentials %s", async (_, credentials) => {
    const signer = new SignatureV4({ credentials, region: 'eu-west-1', service: 'sts', sha256: Sha256 as never });
    const hostname = 'sts.eu-west-1.amazonaws.com';
    const signed = await signer.presign(
      {
        method: 'GET',
        protocol: 'https:',
        hostname,
        path: '/',
        query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
        headers: { host: hostname, 'x-k8s-aws-id': 'prod-1' },
      },
      { expiresIn: 60, signingDate: new Date(NOW), unhoistableHeaders: new Set(['x-k8s-aws-id']) },
    );
    const made = urlOf(eksToken(credentials, { name: 'prod-1', region: 'eu-west-1' }, NOW));
    expect(Object.fromEntries(made.searchParams)).toEqual(signed.query);
    expect([made.protocol, made.host, made.pathname]).toEqual(['https:', hostname, '/']);
  });

  test('has the parameters that a cluster takes and no others, and is no longer than it takes', () => {
    const credentials = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: secret(), sessionToken: 'x'.repeat(1500) };
    const token = eksToken(credentials, { name: 'prod', region: 'cn-north-1' }, NOW);
    const { host, searchParams } = urlOf(token);
    expect(host).toBe('sts.cn-north-1.amazonaws.com.cn');
    expect([...searchParams.keys()].sort()).toEqual([
      'Action',
      'Version',
      'X-Amz-Algorithm',
      'X-Amz-Credential',
      'X-Amz-Date',
      'X-Amz-Expires',
      'X-Amz-Security-Token',
      'X-Amz-Signature',
      'X-Amz-SignedHeaders',
    ]);
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host;x-k8s-aws-id');
    expect(searchParams.get('X-Amz-Date')).toBe('20261122T094007Z');
    expect(token.length).toBeLessThan(4096);
  });

  test('is of no use to another cluster: the name is signed', () => {
    const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: secret() };
    const signature = (name: string) =>
      urlOf(eksToken(credentials, { name, region: 'eu-west-1' }, NOW)).searchParams.get('X-Amz-Signature');
    expect(signature('one')).not.toBe(signature('two'));
    expect(signature('one')).toBe(signature('one'));
  });
});

describe('access to a cluster that is known by its name in EKS', () => {
  const eks = { name: 'prod', region: 'eu-west-1' };
  const access = { server: 'https://prod.eks.example', ca: 'PEM' };

  test('has a token, which is used for ten minutes; any other access stays as it is', async () => {
    let now = NOW;
    const asked: (string | undefined)[] = [];
    const signIn = eksAccess({
      now: () => now,
      credentials: async (roleArn) => {
        asked.push(roleArn);
        return { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: secret() };
      },
    });
    expect(await signIn({ ...access, token: 'own' })).toEqual({ ...access, token: 'own' });
    const first = await signIn({ ...access, eks });
    expect(first).toMatchObject({ ...access, token: expect.stringMatching(/^k8s-aws-v1\./) });
    now += 9 * 60_000;
    expect((await signIn({ ...access, eks })).token).toBe(first.token);
    now += 2 * 60_000;
    expect((await signIn({ ...access, eks })).token).not.toBe(first.token);
    const roleArn = 'arn:aws:iam::111122223333:role/clusters';
    await signIn({ ...access, eks: { ...eks, roleArn } });
    expect(asked).toEqual([undefined, undefined, roleArn]);
  });

  test('is refused where the role cannot be assumed, and the next time it is tried again', async () => {
    let allowed = false;
    const signIn = eksAccess({
      credentials: async () => {
        if (!allowed) throw new Error('no');
        return { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: secret() };
      },
    });
    const roleArn = 'arn:aws:iam::111122223333:role/clusters';
    const asked = () => signIn({ ...access, eks: { ...eks, roleArn } });
    await expect(asked()).rejects.toMatchObject({
      code: 'EksIdentityRefused',
      message: expect.stringContaining(roleArn),
    });
    allowed = true;
    expect((await asked()).token).toBeDefined();
  });
});
