import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { fileDataKeys } from '../../../lib/adapters/localkeys/dataKeys.ts';
import {
  addMasterKey,
  createKeyFile,
  dropOldMasterKeys,
  readKeyFile,
} from '../../../lib/adapters/localkeys/keyFile.ts';
import { refusalOf } from '../../support/refusal.ts';
import { tempDir } from '../../support/temp.ts';

const newPath = (): string => join(tempDir('keys'), 'master.key');

test('a missing key file is made with mode 0600 and one key, and nothing lies beside it', () => {
  const path = newPath();
  fileDataKeys(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readKeyFile(path)).toHaveLength(1);
  expect(readKeyFile(path)[0]?.key).toHaveLength(32);
  expect(readdirSync(dirname(path))).toEqual(['master.key']);
});

test('a key file that is there is used, never made anew', () => {
  const path = newPath();
  fileDataKeys(path);
  const before = readFileSync(path, 'utf8');
  fileDataKeys(path);
  createKeyFile(path);
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(readdirSync(dirname(path))).toEqual(['master.key']);
});

test('a missing key file is refused where one must be', async () => {
  const path = newPath();
  const refusal = await refusalOf(() => fileDataKeys(path, { create: false }));
  expect(refusal.code).toBe('KeyFileMissing');
  expect(refusal.message).toContain(path);
  expect(readdirSync(dirname(path))).toEqual([]);
});

test.each([0o640, 0o604, 0o620, 0o777])('a key file of mode %o is refused', async (mode) => {
  const path = newPath();
  fileDataKeys(path);
  chmodSync(path, mode);
  const refusal = await refusalOf(() => fileDataKeys(path));
  expect(refusal.code).toBe('KeyFilePermissions');
  expect(refusal.remedy).toContain('chmod 600');
});

test('a key file in a folder that is not there is refused as unreadable', async () => {
  expect((await refusalOf(() => fileDataKeys(join(newPath(), 'none', 'master.key')))).code).toBe('KeyFileUnreadable');
});

test('a damaged key file is refused, and no message shows a key', async () => {
  const path = newPath();
  fileDataKeys(path);
  const whole = readFileSync(path, 'utf8');
  const key = whole.trim().split(' ').at(-1)!;
  const other = key[5] === 'A' ? 'B' : 'A';
  const damages = ['', 'something else\n', whole.split('\n')[0]!, whole.slice(0, -6), `${whole}more\n`];
  damages.push(whole.replace(key, key.slice(0, 5) + other + key.slice(6)));
  for (const text of damages) {
    writeFileSync(path, text);
    const refusal = await refusalOf(() => fileDataKeys(path));
    expect(refusal.code).toBe('KeyFileDamaged');
    expect(`${refusal.message} ${refusal.remedy}`).not.toContain(key.slice(8, 30));
  }
});

test('after a key was added it wraps, and what the older one wrapped still opens', async () => {
  const path = newPath();
  const before = await fileDataKeys(path).generate('context');
  const id = addMasterKey(path);
  expect(readKeyFile(path).map((master) => master.id)).toHaveLength(2);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const keys = fileDataKeys(path);
  expect(await keys.unwrap(before.wrapped, 'context')).toEqual(before.plain);
  const after = await keys.generate('context');
  expect(Buffer.from(after.wrapped).toString('hex')).toContain(id);
  dropOldMasterKeys(path);
  expect(await fileDataKeys(path).unwrap(after.wrapped, 'context')).toEqual(after.plain);
  await expect(fileDataKeys(path).unwrap(before.wrapped, 'context')).rejects.toThrow('has no master key');
});

test('another key file unwraps nothing', async () => {
  const { wrapped } = await fileDataKeys(newPath()).generate('context');
  await expect(fileDataKeys(newPath()).unwrap(wrapped, 'context')).rejects.toThrow('has no master key');
});
