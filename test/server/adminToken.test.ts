import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { authenticate, revokeToken } from '../../lib/application/tokens.ts';
import { adminToken } from '../../server/adminToken.ts';
import { testServices } from '../support/services.ts';
import { tempDir } from '../support/temp.ts';

const DAY = 24 * 3600 * 1000;
let now: number;
let services: ReturnType<typeof testServices>['services'];
let file: string;

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  ({ services } = testServices({ clock: { now: () => new Date(now).toISOString() } }));
  file = join(tempDir('token'), 'admin.token');
});

/** The token of the file after a start. */
const started = async (): Promise<string> => {
  await adminToken(services, file);
  return readFileSync(file, 'utf8').trim();
};

test('the first start makes a token for everything, readable to the owner alone, and later ones leave it', async () => {
  const token = await started();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await authenticate(services, token)).toMatchObject({ teams: '*', verbs: ['admin'] });
  now += 330 * DAY;
  expect(await started()).toBe(token);
});

test.each([
  ['ends within 30 days', 340],
  ['has expired', 400],
])('a start replaces a token that %s', async (_, days) => {
  const old = await started();
  now += days * DAY;
  const token = await started();
  expect(token).not.toBe(old);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect((await authenticate(services, token)).verbs).toEqual(['admin']);
});

test('a start replaces a token that was revoked, and what is no token', async () => {
  const old = await started();
  await revokeToken(services, old.split('_')[1]!, { actor: 'test' });
  const token = await started();
  expect(token).not.toBe(old);
  writeFileSync(file, 'half');
  expect((await authenticate(services, await started())).verbs).toEqual(['admin']);
});
