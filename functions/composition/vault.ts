import { dynamodbSealedRows } from '../../lib/adapters/dynamodb/sealedRows.ts';
import { kmsDataKeys } from '../../lib/adapters/kms/dataKeys.ts';
import { secretVault } from '../../lib/adapters/vault/secretVault.ts';
import { dynamodb } from './dynamodb.ts';
import { variable } from './environment.ts';
import { kms } from './kms.ts';

const dataKeys = kmsDataKeys(kms, { keyId: variable('VAULT_KEY') });

export const vault = secretVault(dynamodbSealedRows(dynamodb), dataKeys);
