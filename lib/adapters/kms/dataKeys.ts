import { DecryptCommand, EncryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { type DataKeys, MasterKeyUnavailable } from '../../ports/dataKeys.ts';
import { encryptionContext } from './encryptionContext.ts';

/** KMS's words for a ciphertext, a context or a key that does not fit. */
const WRONG = ['InvalidCiphertextException', 'IncorrectKeyException'];

/**
 * Data keys wrapped by a symmetric KMS key. What the vault binds a row to is the encryption context, so that a policy can keep the classes
 * and the owners of secrets apart. KMS's own rotation of the key needs nothing; another key is taken by rewrapping the rows.
 * @param options `keyId`: ARN of the key that wraps; `older`: keys that wrapped before it, which still unwrap
 */
export function kmsDataKeys(
  client: KMSClient,
  { keyId, older = [] }: { readonly keyId: string; readonly older?: readonly string[] },
): DataKeys {
  const decrypt = async (by: string, wrapped: Uint8Array, context: string): Promise<Uint8Array> => {
    const command = { KeyId: by, CiphertextBlob: wrapped, EncryptionContext: encryptionContext(context) };
    return (await client.send(new DecryptCommand(command))).Plaintext!;
  };

  return {
    async generate(context) {
      const asked = { KeyId: keyId, KeySpec: 'AES_256', EncryptionContext: encryptionContext(context) } as const;
      const { Plaintext, CiphertextBlob } = await client.send(new GenerateDataKeyCommand(asked)).catch(explain);
      return { plain: Plaintext!, wrapped: CiphertextBlob! };
    },

    async wrap(plain, context) {
      const asked = { KeyId: keyId, Plaintext: plain, EncryptionContext: encryptionContext(context) };
      return (await client.send(new EncryptCommand(asked)).catch(explain)).CiphertextBlob!;
    },

    async unwrap(wrapped, context) {
      for (const by of older) {
        const opened = await decrypt(by, wrapped, context).catch(orWrongKey);
        if (opened) return opened;
      }
      return decrypt(keyId, wrapped, context).catch(explain);
    },
  };
}

const isWrong = (error: unknown): boolean => error instanceof Error && WRONG.includes(error.name);

function explain(error: unknown): never {
  const { name, message } = error as Error;
  if (isWrong(error)) throw new Error(`KMS does not unwrap it (${name})`);
  throw new MasterKeyUnavailable(`KMS does not do it now: ${name}: ${message}`, { cause: error });
}

/** The key in use may have wrapped what this one did not. */
function orWrongKey(error: unknown): undefined {
  return isWrong(error) ? undefined : explain(error);
}
