import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { dynamodbChallengeTokens } from '../../lib/adapters/dynamodb/challengeTokens.ts';
import { dynamodbEventStore } from '../../lib/adapters/dynamodb/eventStore.ts';
import { dynamodbHolders } from '../../lib/adapters/dynamodb/holders.ts';
import { dynamodbLimitRows } from '../../lib/adapters/dynamodb/limitRows.ts';
import type { DynamoDbOptions } from '../../lib/adapters/dynamodb/options.ts';
import { dynamodbSealedRows } from '../../lib/adapters/dynamodb/sealedRows.ts';
import type { TableRole } from '../../lib/adapters/dynamodb/tables.ts';
import { dynamodbViews } from '../../lib/adapters/dynamodb/views.ts';
import { fileDataKeys } from '../../lib/adapters/localkeys/dataKeys.ts';
import { secretVault } from '../../lib/adapters/vault/secretVault.ts';
import { clientOf, makeTables, removeTables } from '../support/dynamodb.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../support/peers/ministack.ts';
import { tempDir } from '../support/temp.ts';
import { challengeTokensContract, holdersContract } from './challengeTokens.ts';
import { eventStoreContract } from './eventStore.ts';
import type { MakeFixture } from './fixture.ts';
import { limitRowsContract } from './limitRows.ts';
import { vaultContract } from './vault.ts';
import { viewsContract } from './views.ts';

describeWith(['ministack'], 'DynamoDB', () => {
  let ministack: Ministack;
  beforeAll(async () => {
    ministack = await startMinistack();
  });
  afterAll(() => ministack?.stop());

  /** Tables of its own for every fixture; a restart is another client. */
  function onTables<T>(role: TableRole, open: (options: DynamoDbOptions) => T): MakeFixture<T> {
    return async () => {
      let client: DynamoDBClient = clientOf(ministack);
      const tableNames = await makeTables(client, [role]);
      return {
        port: open({ client, tableNames }),
        async reopen() {
          client.destroy();
          client = clientOf(ministack);
          return open({ client, tableNames });
        },
        async close() {
          await removeTables(client, tableNames);
          client.destroy();
        },
      };
    };
  }

  eventStoreContract(onTables('ledger', dynamodbEventStore));
  viewsContract(onTables('views', dynamodbViews));
  challengeTokensContract(onTables('challenges', dynamodbChallengeTokens));
  holdersContract(onTables('challenges', dynamodbHolders));
  limitRowsContract(onTables('challenges', dynamodbLimitRows));
  vaultContract(async () => {
    const key = join(tempDir('dynamodb'), 'master.key');
    return onTables('sealed', (options) => {
      const rows = dynamodbSealedRows(options);
      const dataKeys = fileDataKeys(key);
      return { vault: secretVault(rows, dataKeys), rows, dataKeys };
    })();
  });
});
