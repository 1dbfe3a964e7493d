import { dynamodbSealedRows } from '../../lib/adapters/dynamodb/sealedRows.ts';
import { kmsDataKeys } from '../../lib/adapters/kms/dataKeys.ts';
import { secretVault } from '../../lib/adapters/vault/secretVault.ts';
import { dynamodb } from './dynamodb.ts';
import { list, variable } from './environment.ts';
import { kms } from './kms.ts';

export const dataKeys = kmsDataKeys(kms, { keyId: variable('VAULT_KEY'), older: list('FORMER_VAULT_KEYS') });

export const sealedRows = dynamodbSealedRows(dynamodb);

export const vault = secretVault(sealedRows, dataKeys);
