import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { DataKeys } from '../../lib/ports/dataKeys.ts';
import type { SealedRow, SealedRows, SecretVault } from '../../lib/ports/secretVault.ts';
import { type MakeFixture, withFixture } from './fixture.ts';

/** A vault, the rows that it keeps, and the data keys that it uses. */
export interface VaultWithRows {
  readonly vault: SecretVault;
  readonly rows: SealedRows;
  readonly dataKeys: DataKeys;
}

const bytes = (data: Uint8Array | undefined): string | undefined => data && Buffer.from(data).toString('hex');

/** The contract of the secret vault, of its rows and of the data keys. Run on every adapter. */
export function vaultContract(make: MakeFixture<VaultWithRows>): void {
  describe('SecretVault', () => {
    test('opens what was sealed, also after a restart', () =>
      withFixture(make, async ({ vault }, fixture) => {
        const secret = randomBytes(2000);
        const empty = new Uint8Array();
        expect(bytes(await vault.seal('key/1', 'payments', secret))).toBe(bytes(secret));
        expect(bytes(await vault.seal('key/2', 'payments', empty))).toBe('');
        expect(bytes(await vault.open('key/1', 'payments'))).toBe(bytes(secret));
        const again = await fixture.reopen();
        expect(bytes(await again.vault.open('key/1', 'payments'))).toBe(bytes(secret));
        expect(bytes(await again.vault.open('key/2', 'payments'))).toBe('');
      }));

    test('answers the winner to everybody who seals the same ref, at once or later', () =>
      withFixture(make, async ({ vault }) => {
        const secrets = Array.from({ length: 6 }, () => randomBytes(32));
        const answers = await Promise.all(secrets.map((secret) => vault.seal('key/1', 'payments', secret)));
        const winner = bytes(await vault.open('key/1', 'payments'));
        expect(secrets.map(bytes)).toContain(winner);
        expect(new Set(answers.map(bytes))).toEqual(new Set([winner]));
        expect(bytes(await vault.seal('key/1', 'payments', randomBytes(32)))).toBe(winner);
      }));

    test('has nothing for a ref that was never sealed or was purged', () =>
      withFixture(make, async ({ vault }) => {
        expect(await vault.open('key/1', 'payments')).toBeUndefined();
        await vault.seal('key/1', 'payments', randomBytes(8));
        await vault.purge('key/1');
        await vault.purge('key/1');
        expect(await vault.open('key/1', 'payments')).toBeUndefined();
      }));

    test('opens nothing for another owner, and seals nothing over another owner\u2019s row', () =>
      withFixture(make, async ({ vault }) => {
        await vault.seal('key/1', 'payments', randomBytes(8));
        await expect(vault.open('key/1', 'orders')).rejects.toMatchObject({ name: 'VaultError', code: 'NotOwner' });
        await expect(vault.seal('key/1', 'orders', randomBytes(8))).rejects.toMatchObject({ code: 'NotOwner' });
      }));

    test('keeps no plaintext, and no two rows alike', () =>
      withFixture(make, async ({ vault, rows }) => {
        const secret = Buffer.from(`plain ${randomBytes(16).toString('hex')}`);
        await vault.seal('key/1', 'payments', secret);
        await vault.seal('key/2', 'payments', secret);
        const [one, two] = (await rows.list(10)) as [SealedRow, SealedRow];
        for (const part of [one.wrappedKey, one.iv, one.ciphertext, one.tag]) {
          expect(Buffer.from(part).includes(secret.subarray(0, 12))).toBe(false);
        }
        expect(bytes(one.ciphertext)).not.toBe(bytes(two.ciphertext));
        expect(bytes(one.iv)).not.toBe(bytes(two.iv));
        expect(bytes(one.wrappedKey)).not.toBe(bytes(two.wrappedKey));
      }));

    tamperContract(make);
  });
  rowsContract(make);
  dataKeysContract(make);
}

function tamperContract(make: MakeFixture<VaultWithRows>): void {
  const flipped = (data: Uint8Array): Uint8Array =>
    data.map((byte, index) => (index === data.length >> 1 ? byte ^ 1 : byte));
  const changes: Record<string, (row: SealedRow, other: SealedRow) => SealedRow> = {
    'one bit of the ciphertext': (row) => ({ ...row, ciphertext: flipped(row.ciphertext) }),
    'one bit of the tag': (row) => ({ ...row, tag: flipped(row.tag) }),
    'a tag that was cut short': (row) => ({ ...row, tag: row.tag.slice(0, 4) }),
    'one bit of the IV': (row) => ({ ...row, iv: flipped(row.iv) }),
    'one bit of the wrapped key': (row) => ({ ...row, wrappedKey: flipped(row.wrappedKey) }),
    'another row\u2019s wrapped key': (row, other) => ({ ...row, wrappedKey: other.wrappedKey }),
    'another row\u2019s whole contents': (row, other) => ({ ...other, ref: row.ref }),
    'another owner, written into the row': (row) => ({ ...row, owner: 'orders' }),
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`does not open a row with ${what}`, () =>
      withFixture(make, async ({ vault, rows }) => {
        await vault.seal('key/1', 'payments', randomBytes(48));
        await vault.seal('key/2', 'payments', randomBytes(48));
        const bad = change((await rows.read('key/1'))!, (await rows.read('key/2'))!);
        await rows.remove('key/1');
        await rows.create(bad);
        await expect(vault.open('key/1', bad.owner)).rejects.toMatchObject({ name: 'VaultError', code: 'Damaged' });
      }));
  }
}

function rowsContract(make: MakeFixture<VaultWithRows>): void {
  const sealed = (ref: string): SealedRow => ({
    ref,
    owner: 'payments',
    wrappedKey: randomBytes(60),
    iv: randomBytes(12),
    ciphertext: randomBytes(100),
    tag: randomBytes(16),
  });
  const plain = (row: SealedRow | undefined) =>
    row && {
      ...row,
      ...Object.fromEntries(['wrappedKey', 'iv', 'ciphertext', 'tag'].map((part) => [part, bytes(row[part as 'iv'])])),
    };

  describe('SealedRows', () => {
    test('keeps the first row of a ref and answers it to the second', () =>
      withFixture(make, async ({ rows }) => {
        const first = sealed('a');
        expect(plain(await rows.create(first))).toEqual(plain(first));
        expect(plain(await rows.create(sealed('a')))).toEqual(plain(first));
        expect(plain(await rows.read('a'))).toEqual(plain(first));
        expect(await rows.read('b')).toBeUndefined();
      }));

    test('replaces a wrapped key only while it is the one that was read', () =>
      withFixture(make, async ({ rows }) => {
        const first = sealed('a');
        await rows.create(first);
        const next = randomBytes(60);
        expect(await rows.rewrap('a', first.wrappedKey, next)).toBe(true);
        expect(await rows.rewrap('a', first.wrappedKey, randomBytes(60))).toBe(false);
        expect(await rows.rewrap('b', first.wrappedKey, next)).toBe(false);
        expect(plain(await rows.read('a'))).toEqual(plain({ ...first, wrappedKey: next }));
      }));

    test('lists every row once, a page at a time', () =>
      withFixture(make, async ({ rows }) => {
        const refs = ['a', 'b', 'c', 'd', 'e'];
        for (const ref of refs) await rows.create(sealed(ref));
        const found: string[] = [];
        for (let page = await rows.list(2); page.length > 0; page = await rows.list(2, page.at(-1)!.ref)) {
          expect(page.length).toBeLessThanOrEqual(2);
          found.push(...page.map((row) => row.ref));
        }
        expect(found.toSorted()).toEqual(refs);
      }));
  });
}

function dataKeysContract(make: MakeFixture<VaultWithRows>): void {
  describe('DataKeys', () => {
    test('unwraps what it generated and what it wrapped, also after a restart', () =>
      withFixture(make, async ({ dataKeys }, fixture) => {
        const { plain, wrapped } = await dataKeys.generate('context');
        expect(plain).toHaveLength(32);
        expect(Buffer.from(wrapped).includes(Buffer.from(plain))).toBe(false);
        expect(bytes(await dataKeys.unwrap(wrapped, 'context'))).toBe(bytes(plain));
        const again = await dataKeys.wrap(plain, 'context');
        expect(bytes(await dataKeys.unwrap(again, 'context'))).toBe(bytes(plain));
        const reopened = await fixture.reopen();
        expect(bytes(await reopened.dataKeys.unwrap(wrapped, 'context'))).toBe(bytes(plain));
      }));

    test('generates another key every time', () =>
      withFixture(make, async ({ dataKeys }) => {
        const [one, two] = await Promise.all([dataKeys.generate('context'), dataKeys.generate('context')]);
        expect(bytes(one.plain)).not.toBe(bytes(two.plain));
      }));

    test('does not unwrap for another context, nor what is not a wrapped key', () =>
      withFixture(make, async ({ dataKeys }) => {
        const { wrapped } = await dataKeys.generate('context');
        await expect(dataKeys.unwrap(wrapped, 'another')).rejects.toThrow();
        await expect(dataKeys.unwrap(wrapped.slice(1), 'context')).rejects.toThrow();
        await expect(dataKeys.unwrap(new Uint8Array(), 'context')).rejects.toThrow();
      }));
  });
}
