import { randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  type KeySpec,
  KMSClient,
  ListKeysCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rewrapTurn } from '../../../functions/vault/rewrap.ts';
import { kmsDataKeys } from '../../../lib/adapters/kms/dataKeys.ts';
import { kmsKeyMaker } from '../../../lib/adapters/kms/keyMaker.ts';
import { kmsSigner, kmsSigners } from '../../../lib/adapters/kms/keySigner.ts';
import { x509WithKms } from '../../../lib/adapters/kms/x509.ts';
import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { sqliteSealedRows } from '../../../lib/adapters/sqlite/sealedRows.ts';
import { secretVault } from '../../../lib/adapters/vault/secretVault.ts';
import { x509 } from '../../../lib/adapters/x509/x509.ts';
import type { KeyKind } from '../../../lib/domain/spec.ts';
import { instant } from '../../../lib/domain/time.ts';
import type { KeySigner } from '../../../lib/ports/keySigner.ts';
import { newAcme, newSigner, obtain, startHttp01 } from '../../support/acmeClient.ts';
import { clientOf } from '../../support/aws.ts';
import { runCommand } from '../../support/commands.ts';
import { noNames } from '../../support/internalCa.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../../support/peers/ministack.ts';
import { startPebble } from '../../support/peers/pebble.ts';
import { tempDir } from '../../support/temp.ts';
import { vaultContract } from '../vault.ts';

let aws: Ministack;
let kms: KMSClient;

const startKms = async () => {
  aws = await startMinistack();
  kms = new KMSClient(clientOf(aws));
};
const stopKms = async () => {
  kms?.destroy();
  await aws?.stop();
};

/** ARN of a new key. */
async function newKey(spec?: KeySpec): Promise<string> {
  const asked = spec ? ({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY' } as const) : {};
  return (await kms.send(new CreateKeyCommand(asked))).KeyMetadata!.Arn!;
}

describeWith(['ministack'], 'KMS as DataKeys', () => {
  beforeAll(startKms);
  afterAll(stopKms);

  vaultContract(async () => {
    const file = join(tempDir('kms'), 'chancery.db');
    const keyId = await newKey();
    const open = () => {
      const database = openDatabase(file);
      const rows = sqliteSealedRows(database);
      const dataKeys = kmsDataKeys(kms, { keyId });
      return { database, port: { vault: secretVault(rows, dataKeys), rows, dataKeys } };
    };
    let opened = open();
    return {
      port: opened.port,
      reopen: async () => {
        await opened.database.close();
        opened = open();
        return opened.port;
      },
      close: () => opened.database.close(),
    };
  });

  describe('with a key that changes', () => {
    test('a disabled key opens nothing until it is enabled, and no row counts as damaged', async () => {
      const keyId = await newKey();
      const database = openDatabase(join(tempDir('kms'), 'chancery.db'));
      const vault = secretVault(sqliteSealedRows(database), kmsDataKeys(kms, { keyId }));
      await vault.seal('key/1/1', 'payments', Buffer.from('sealed'));
      await kms.send(new DisableKeyCommand({ KeyId: keyId }));
      await expect(vault.open('key/1/1', 'payments')).rejects.toMatchObject({ code: 'Unavailable' });
      await expect(vault.seal('key/1/2', 'payments', Buffer.from('x'))).rejects.toMatchObject({
        name: 'MasterKeyUnavailable',
      });
      await kms.send(new EnableKeyCommand({ KeyId: keyId }));
      expect(Buffer.from((await vault.open('key/1/1', 'payments'))!).toString()).toBe('sealed');
      await database.close();
    });

    test('rows are wrapped anew by another key, and then do without the first', async () => {
      const [before, after] = [await newKey(), await newKey()];
      const database = openDatabase(join(tempDir('kms'), 'chancery.db'));
      const rows = sqliteSealedRows(database);
      const vault = secretVault(rows, kmsDataKeys(kms, { keyId: before }));
      for (let row = 1; row <= 101; row++) await vault.seal(`key/1/${row}`, 'payments', Buffer.from('sealed'));
      const turn = rewrapTurn(rows, kmsDataKeys(kms, { keyId: after, older: [before] }), { ...console, info() {} });
      // A page at least is done in each invocation.
      const short = { getRemainingTimeInMillis: () => 0 };
      const first = await turn({}, short);
      expect(first).toEqual({ rewrapped: 100, after: expect.any(String), done: false });
      // No row twice: the emulator would open by the former key what the new one wrapped, and not as it was.
      expect(await turn(first, { getRemainingTimeInMillis: () => 900_000 })).toEqual({ rewrapped: 1, done: true });
      await kms.send(new DisableKeyCommand({ KeyId: before }));
      const opened = await secretVault(rows, kmsDataKeys(kms, { keyId: after })).open('key/1/1', 'payments');
      expect(Buffer.from(opened!).toString()).toBe('sealed');
      await database.close();
    });
  });
});

const SPECS: readonly (readonly [KeySpec, KeyKind])[] = [
  ['ECC_NIST_P256', { algorithm: 'ECDSA', size: 256 }],
  ['ECC_NIST_P384', { algorithm: 'ECDSA', size: 384 }],
  ['RSA_2048', { algorithm: 'RSA', size: 2048 }],
];

describeWith(['ministack', 'openssl'], 'a CA whose key is in KMS', () => {
  beforeAll(startKms);
  afterAll(stopKms);

  // Certificates have whole seconds.
  const now = Math.floor(Date.now() / 1000) * 1000;
  const [notBefore, notAfter] = [instant(now - 60_000), instant(now + 3_600_000)];
  const certificate = (subject: KeySigner, names: object, ca: { signer: KeySigner; certificate?: string }) =>
    x509().sign(
      {
        ...noNames,
        publicKey: subject.publicKey,
        keyKind: subject.kind,
        serial: randomBytes(16).toString('hex'),
        notBefore,
        notAfter,
        isCA: false,
        usages: ['digital signature', 'server auth'],
        ...names,
      },
      ca,
    );

  test.each(SPECS)('%s signs what openssl verifies', async (spec, kind) => {
    const signer = await kmsSigner(kms, await newKey(spec));
    expect(signer.kind).toEqual(kind);
    const ca = { signer, certificate: await certificate(signer, { commonName: 'KMS CA', isCA: true }, { signer }) };
    const leaf = await certificate(newSigner(), { dnsNames: ['app.example.test'] }, ca);
    const folder = tempDir('kms');
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const checks = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'app.example.test'];
    const files = ['-CAfile', file('ca.pem', ca.certificate), file('leaf.pem', leaf)];
    const { stdout, stderr } = await runCommand('openssl', ['verify', ...checks, ...files]);
    expect(stdout + stderr).toContain('leaf.pem: OK');
  });

  test('a message over 4,096 bytes is signed as well: a certificate of a hundred long names', async () => {
    const signer = await kmsSigner(kms, await newKey('ECC_NIST_P256'));
    const ca = { signer, certificate: await certificate(signer, { commonName: 'KMS CA', isCA: true }, { signer }) };
    const dnsNames = Array.from({ length: 100 }, (_, index) => `${'a'.repeat(50)}${index}.example.test`);
    const leaf = new X509Certificate(await certificate(newSigner(), { dnsNames }, ca));
    expect(leaf.raw.length).toBeGreaterThan(4096);
    expect(leaf.verify(new X509Certificate(ca.certificate).publicKey)).toBe(true);
  });
});

describeWith(['ministack'], 'keys that are made in KMS', () => {
  beforeAll(startKms);
  afterAll(stopKms);

  const kind = { algorithm: 'ECDSA', size: 256 } as const;
  const maker = (instance = 'test', keyClass: 'account' | 'ca' = 'account') => kmsKeyMaker(kms, { instance, keyClass });
  const stateOf = async (KeyId: string) => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata!.KeyState;
  const enabled = async () => {
    const { Keys } = await kms.send(new ListKeysCommand({}));
    const states = await Promise.all(Keys!.map(({ KeyArn }) => stateOf(KeyArn!)));
    return states.filter((state) => state === 'Enabled').length;
  };

  test('are one for a reference, however many ask for it at once and later', async () => {
    const before = await enabled();
    const ask = () => maker().make('account/shop/le', 'shop', kind);
    const all = await Promise.all([ask(), ask(), ask()]);
    expect(new Set([...all, await ask()]).size).toBe(1);
    expect((await enabled()) - before).toBe(1);
    expect((await kmsSigner(kms, all[0]!)).kind).toEqual(kind);
  });

  test('are apart by installation, by class and by reference', async () => {
    const made = await Promise.all([
      maker().make('account/shop/one', 'shop', kind),
      maker('other').make('account/shop/one', 'shop', kind),
      maker('test', 'ca').make('account/shop/one', 'shop', kind),
      maker().make('account/shop/two', 'shop', kind),
    ]);
    expect(new Set(made).size).toBe(4);
  });

  test('are of the kind that was asked for, and of no kind that KMS has not', async () => {
    for (const [, wanted] of SPECS) {
      const key = await maker().make(`key/${wanted.size}/1`, 'shop', wanted);
      expect((await kmsSigner(kms, key)).kind).toEqual(wanted);
    }
    const odd = maker().make('key/odd/1', 'shop', { algorithm: 'Ed25519', size: 256 });
    await expect(odd).rejects.toMatchObject({ code: 'KeyKindNotKept', field: 'spec.privateKey' });
  });

  test('are let go once, and what is no key here is left alone', async () => {
    const key = await maker().make('account/shop/gone', 'shop', kind);
    await maker().retire(key);
    await maker().retire(key);
    expect(await stateOf(key)).toBe('PendingDeletion');
    await maker().retire(`arn:aws:kms:${aws.region}:000000000000:key/${randomUUID()}`);
    await maker().retire(await x509().generateKey(kind));
    await expect(kmsSigner(kms, key).then((signer) => signer.sign(Buffer.from('x'), 'SHA-256'))).rejects.toMatchObject({
      code: 'SigningKeyUnusable',
    });
  });

  test('make requests for certificates, too', async () => {
    const key = await maker('test', 'ca').make('key/csr/1', 'shop', kind);
    const { createCsr, readCsr } = x509WithKms(x509(), kmsSigners(kms));
    const facts = await readCsr(await createCsr({ ...noNames, dnsNames: ['app.example.test'] }, key));
    expect(facts.dnsNames).toEqual(['app.example.test']);
  });
});

describeWith(['ministack', 'pebble'], 'an ACME account whose key is in KMS', () => {
  beforeAll(startKms);
  afterAll(stopKms);

  test.each(SPECS)('%s registers at Pebble, finds its account again, and obtains a certificate', async (spec) => {
    const pebble = await startPebble({});
    const acme = newAcme();
    const web = await startHttp01(pebble.httpPort);
    try {
      const endpoint = { server: pebble.directoryUrl, caBundle: pebble.caPem };
      const signer = await kmsSigner(kms, await newKey(spec));
      const register = () => acme.register(endpoint, signer, { contact: [], termsOfServiceAgreed: true });
      const { url } = await register();
      expect((await register()).url).toBe(url);
      const { chain } = await obtain(
        {
          acme,
          endpoint,
          account: { signer, url },
          type: 'http-01',
          present: (_authorization, challenge, value) => void web.tokens.set(challenge.token!, value),
        },
        ['127.0.0.1'],
      );
      expect(new X509Certificate(chain).subjectAltName).toBe('IP Address:127.0.0.1');
    } finally {
      web.server.close();
      await acme.http.close();
      await pebble.stop();
    }
  });
});
