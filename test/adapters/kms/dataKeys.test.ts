import type { KMSClient } from '@aws-sdk/client-kms';
import { describe, expect, test } from 'vitest';
import { kmsDataKeys } from '../../../lib/adapters/kms/dataKeys.ts';
import { encryptionContext } from '../../../lib/adapters/kms/encryptionContext.ts';
import { dataKeysPolicy } from '../../../lib/adapters/kms/policy.ts';
import { secretVault } from '../../../lib/adapters/vault/secretVault.ts';
import type { SealedRow, SealedRows } from '../../../lib/ports/secretVault.ts';
import { scriptedClient, serviceError } from '../../support/aws.ts';

const keyId = 'arn:aws:kms:eu-central-1:111122223333:key/new';

describe('the encryption context of a sealed row', () => {
  test('has the class, the owner and the whole reference', () => {
    const context = encryptionContext(JSON.stringify(['key/0b5e/3', 'payments']));
    expect(context).toEqual({ class: 'key', owner: 'payments', ref: 'key/0b5e/3' });
  });

  test.each(['context', '["one"]', '["one",2]', '["a","b","c"]', '{}', 'null', ''])('keeps %j whole', (text) => {
    expect(encryptionContext(text)).toEqual({ context: text });
  });

  test('is what the policy of a role asks for', () => {
    const [statement] = dataKeysPolicy([keyId], ['key', 'chain'], ['open']);
    expect(statement).toMatchObject({
      Action: ['kms:Decrypt'],
      Resource: [keyId],
      Condition: { StringEquals: { 'kms:EncryptionContext:class': ['key', 'chain'] } },
    });
  });
});

describe('data keys of KMS, by a scripted client', () => {
  const open = (...script: Parameters<typeof scriptedClient>[0]) => {
    const { client, sent } = scriptedClient<KMSClient>(script);
    return { keys: kmsDataKeys(client, { keyId }), sent };
  };

  test.each(['ThrottlingException', 'DisabledException', 'KMSInvalidStateException', 'AccessDeniedException'])(
    'says that the master key cannot be used when KMS answers %s',
    async (name) => {
      const { keys } = open(serviceError(name), serviceError(name), serviceError(name));
      const error = { name: 'MasterKeyUnavailable', message: expect.stringContaining(name) };
      await expect(keys.generate('a')).rejects.toMatchObject(error);
      await expect(keys.wrap(new Uint8Array(32), 'a')).rejects.toMatchObject(error);
      await expect(keys.unwrap(new Uint8Array(60), 'a')).rejects.toMatchObject(error);
    },
  );

  test('does not take a key that KMS refuses for an outage', async () => {
    const { keys } = open(serviceError('InvalidCiphertextException'));
    const error = await keys.unwrap(new Uint8Array(60), 'a').catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ name: 'Error', message: expect.stringContaining('InvalidCiphertext') });
  });

  test('unwraps by an older key what the one in use did not wrap', async () => {
    const plain = new Uint8Array(32).fill(7);
    const { client, sent } = scriptedClient<KMSClient>([{ Plaintext: plain }, serviceError('IncorrectKeyException')]);
    const keys = kmsDataKeys(client, { keyId, older: ['old'] });
    expect(await keys.unwrap(new Uint8Array(60), 'a')).toEqual(plain);
    expect(sent.map(({ input }) => input.KeyId)).toEqual(['old']);
    await expect(keys.unwrap(new Uint8Array(60), 'a')).rejects.toThrow('no answer');
    expect(sent.map(({ input }) => input.KeyId)).toEqual(['old', 'old', keyId]);
  });

  test('an outage of KMS does not make the vault call a row damaged', async () => {
    const row: SealedRow = {
      ref: 'key/1/1',
      owner: 'payments',
      wrappedKey: new Uint8Array(60),
      iv: new Uint8Array(12),
      ciphertext: new Uint8Array(),
      tag: new Uint8Array(16),
    };
    const rows = { read: async () => row } as unknown as SealedRows;
    const { keys } = open(serviceError('DisabledException', `${keyId} is disabled.`));
    const opened = secretVault(rows, keys).open('key/1/1', 'payments');
    await expect(opened).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('is disabled'),
    });
  });
});
