import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../server/dataFolder.ts';
import { readEndpoint } from '../../server/endpoint.ts';
import { refusalOf } from '../support/refusal.ts';
import { tempDir } from '../support/temp.ts';

const newPath = (): string => join(tempDir('folder'), 'deep', 'data');

test('a folder that is not there is made with mode 0700 and an instance name that stays', () => {
  const path = newPath();
  const first = openDataFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(first.instance).toMatch(/^[0-9a-f]{8}$/);
  first.release();
  const second = openDataFolder(path);
  expect(second.instance).toBe(first.instance);
  second.release();
});

test('a folder that is open is refused with the process that holds it, and free after its release', async () => {
  const path = newPath();
  const first = openDataFolder(path);
  const refusal = await refusalOf(() => openDataFolder(path));
  expect(refusal.code).toBe('DataFolderLocked');
  expect(refusal.message).toContain(`process ${process.pid} `);
  // The refused attempt must not have loosened the lock.
  expect((await refusalOf(() => openDataFolder(path))).code).toBe('DataFolderLocked');
  first.release();
  openDataFolder(path).release();
});

test('the endpoint is there for others while it is published, readable to the owner alone', () => {
  const path = newPath();
  const folder = openDataFolder(path);
  expect(readEndpoint(path)).toBeUndefined();
  folder.publish({ url: 'https://127.0.0.1:8443', ca: '/data/ca.crt' });
  expect(readEndpoint(path)).toEqual({ url: 'https://127.0.0.1:8443', ca: '/data/ca.crt', pid: process.pid });
  expect(statSync(join(path, 'endpoint.json')).mode & 0o777).toBe(0o600);
  folder.release();
  expect(readEndpoint(path)).toBeUndefined();
});

test('a second release does not remove the endpoint of whoever came after', () => {
  const path = newPath();
  const first = openDataFolder(path);
  first.release();
  const second = openDataFolder(path);
  second.publish({ url: 'https://127.0.0.1:8443' });
  first.release();
  expect(readEndpoint(path)?.url).toBe('https://127.0.0.1:8443');
  second.release();
});

test('an endpoint that a dead process left is gone after the next opening', () => {
  const path = newPath();
  openDataFolder(path).release();
  writeFileSync(join(path, 'endpoint.json'), JSON.stringify({ url: 'https://127.0.0.1:1', pid: 1 }));
  expect(readEndpoint(path)?.pid).toBe(1);
  const folder = openDataFolder(path);
  expect(readEndpoint(path)).toBeUndefined();
  folder.release();
});

test('half an endpoint file is no endpoint', () => {
  const path = newPath();
  mkdirSync(path, { recursive: true });
  for (const text of ['', '{"url":', '{"url":1,"pid":1}', 'null']) {
    writeFileSync(join(path, 'endpoint.json'), text);
    expect(readEndpoint(path)).toBeUndefined();
  }
});

test('a folder with other things in it is refused and left as it is; an empty volume is not', async () => {
  const path = tempDir('folder');
  mkdirSync(join(path, 'lost+found'));
  const folder = openDataFolder(path);
  folder.release();
  const foreign = tempDir('folder');
  writeFileSync(join(foreign, 'thesis.txt'), '');
  const refusal = await refusalOf(() => openDataFolder(foreign));
  expect(refusal.code).toBe('DataFolderForeign');
  expect(refusal.message).toContain('thesis.txt');
  expect(readdirSync(foreign)).toEqual(['thesis.txt']);
});

test('a folder of a newer format, or with a damaged description, is refused and not locked for good', async () => {
  const path = newPath();
  openDataFolder(path).release();
  const file = join(path, 'folder.json');
  const good = readFileSync(file, 'utf8');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(good), format: 2 }));
  expect((await refusalOf(() => openDataFolder(path))).code).toBe('DataFolderNewer');
  for (const text of ['', '{', '[]', '{"format":"1","instance":"a"}']) {
    writeFileSync(file, text);
    expect((await refusalOf(() => openDataFolder(path))).code).toBe('DataFolderDamaged');
  }
  writeFileSync(file, good);
  openDataFolder(path).release();
});

test('a path that is a file is refused as that, and one where no folder can be made as unreadable', async () => {
  const path = join(tempDir('folder'), 'file');
  writeFileSync(path, '');
  expect((await refusalOf(() => openDataFolder(path))).code).toBe('DataFolderForeign');
  for (const nowhere of [join(path, 'below'), '/proc/chancery/data']) {
    expect((await refusalOf(() => openDataFolder(nowhere))).code).toBe('DataFolderUnreadable');
  }
});
