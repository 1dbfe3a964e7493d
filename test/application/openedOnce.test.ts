import { describe, expect, it } from 'vitest';
import { openedOnce } from '../../lib/application/openedOnce.ts';
import type { SecretVault } from '../../lib/ports/secretVault.ts';

const vault = (): SecretVault => ({
  seal: async (_, __, text) => text,
  open: async () => undefined,
  purge: async () => {},
});

describe('what was opened once', () => {
  it('is not opened again, for the same vault', async () => {
    const kept = openedOnce<string>(2);
    const [one, other] = [vault(), vault()];
    expect(await kept(one, 'a', async () => 'first')).toBe('first');
    expect(await kept(one, 'a', async () => 'second')).toBe('first');
    expect(await kept(other, 'a', async () => 'of the other')).toBe('of the other');
  });

  it('is opened again when nothing was there', async () => {
    const kept = openedOnce<string>(2);
    const only = vault();
    expect(await kept(only, 'a', async () => undefined)).toBeUndefined();
    expect(await kept(only, 'a', async () => 'there now')).toBe('there now');
  });

  it('goes when it was unused longest and there are more than are kept', async () => {
    const kept = openedOnce<string>(2);
    const only = vault();
    const ask = (key: string, value: string) => kept(only, key, async () => value);
    await ask('a', 'a1');
    await ask('b', 'b1');
    await ask('a', 'a2');
    await ask('c', 'c1');
    expect(await ask('a', 'a3')).toBe('a1');
    expect(await ask('b', 'b2')).toBe('b2');
  });
});
