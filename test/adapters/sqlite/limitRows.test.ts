import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { sqliteLimitRows } from '../../../lib/adapters/sqlite/limitRows.ts';
import { tempDir } from '../../support/temp.ts';

test('rows whose time is over go with the next write, and no others', async () => {
  const database = openDatabase(join(tempDir('limits'), 'chancery.db'));
  const rows = sqliteLimitRows(database, { now: () => '2026-01-02T00:00:00.000Z' });
  const row = (key: string, expires: string) => ({ key, version: 0, doc: {}, expires });
  try {
    await rows.write([row('old', '2026-01-01T23:59:59.999Z'), row('new', '2026-01-02T00:00:00.000Z')]);
    expect((await rows.read(['old', 'new'])).map(({ key }) => key)).toEqual(['new']);
  } finally {
    await database.close();
  }
});
