import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dns01Target, DnsProvider } from '../../lib/ports/dnsProvider.ts';
import type { NameServer } from '../support/peers/dns.ts';

/** A provider, a solver that it serves, and the primary of `example.test` that the solver's records end on. */
export interface DnsProviderCase {
  readonly provider: DnsProvider;
  readonly to: Dns01Target;
  readonly primary: Pick<NameServer, 'query' | 'update'>;
  stop(): Promise<void>;
}

/** A value as dns-01 has them: a SHA-256 in base64url (RFC 8555 8.4). */
export const newValue = (): string => randomBytes(32).toString('base64url');

/** A name under `example.test` that no other test uses. */
export const newName = (): string => `_acme-challenge.n${randomBytes(6).toString('hex')}.example.test`;

/** What every DnsProvider promises; the contract is in lib/ports/dnsProvider.ts. */
export function dnsProviderContract(title: string, start: () => Promise<DnsProviderCase>): void {
  describe(`${title} as a DnsProvider`, () => {
    let here: DnsProviderCase;
    beforeAll(async () => {
      here = await start();
    });
    afterAll(() => here?.stop());

    const at = async (fqdn: string) => (await here.primary.query(fqdn, 'TXT')).sort();

    test("a wildcard's and its apex's values stand side by side", async () => {
      const fqdn = newName();
      const [wildcard, apex] = [newValue(), newValue()];
      await here.provider.present(here.to, [
        { fqdn, value: wildcard },
        { fqdn, value: apex },
      ]);
      expect(await at(fqdn)).toEqual([wildcard, apex].sort());
    });

    test('values presented one after the other stand side by side too', async () => {
      const fqdn = newName();
      const values = [newValue(), newValue()];
      for (const value of values) await here.provider.present(here.to, [{ fqdn, value }]);
      expect(await at(fqdn)).toEqual(values.sort());
    });

    test('a value presented twice stands once', async () => {
      const value = { fqdn: newName(), value: newValue() };
      await here.provider.present(here.to, [value]);
      await here.provider.present(here.to, [value]);
      await here.provider.present(here.to, [value, value]);
      expect(await at(value.fqdn)).toEqual([value.value]);
    });

    test('foreign values stay, when ours come and when they go', async () => {
      const fqdn = newName();
      const ours = newValue();
      await here.primary.update([`add ${fqdn}. 300 TXT "somebody else's"`, `add ${fqdn}. 300 TXT "with" " parts"`]);
      const foreign = ["somebody else's", 'with parts'];
      await here.provider.present(here.to, [{ fqdn, value: ours }]);
      expect(await at(fqdn)).toEqual([ours, ...foreign].sort());
      await here.provider.cleanUp(here.to, [{ fqdn, value: ours }]);
      expect(await at(fqdn)).toEqual(foreign);
    });

    test('a clean-up removes exactly its values, and again is no error', async () => {
      const fqdn = newName();
      const [mine, theirs] = [newValue(), newValue()];
      await here.provider.present(here.to, [
        { fqdn, value: mine },
        { fqdn, value: theirs },
      ]);
      await here.provider.cleanUp(here.to, [{ fqdn, value: mine }]);
      expect(await at(fqdn)).toEqual([theirs]);
      await here.provider.cleanUp(here.to, [{ fqdn, value: mine }]);
      expect(await at(fqdn)).toEqual([theirs]);
    });

    test('many names come and go in one call', async () => {
      const values = Array.from({ length: 20 }, () => ({ fqdn: newName(), value: newValue() }));
      await here.provider.present(here.to, values);
      expect(await Promise.all(values.map(({ fqdn }) => at(fqdn)))).toEqual(values.map(({ value }) => [value]));
      expect(await here.provider.missing(here.to, values)).toEqual([]);
      await here.provider.cleanUp(here.to, values);
      expect(await Promise.all(values.map(({ fqdn }) => at(fqdn)))).toEqual(values.map(() => []));
      expect(await here.provider.missing(here.to, values)).toEqual(values);
    });

    test('no values are no work', async () => {
      await here.provider.present(here.to, []);
      await here.provider.cleanUp(here.to, []);
      expect(await here.provider.missing(here.to, [])).toEqual([]);
    });

    test('exactly the values that are not there are missing', async () => {
      const [there, absent] = [
        { fqdn: newName(), value: newValue() },
        { fqdn: newName(), value: newValue() },
      ];
      const otherValue = { fqdn: there.fqdn, value: newValue() };
      await here.provider.present(here.to, [there]);
      expect(await here.provider.missing(here.to, [absent, there, otherValue])).toEqual([absent, otherValue]);
    });

    test('a name without a CNAME is its own target', async () => {
      const fqdn = newName();
      expect(await here.provider.target(here.to, fqdn)).toBe(fqdn);
    });

    test('a CNAME is followed when the solver says so, over several links', async () => {
      const [fqdn, between, end] = [newName(), newName(), newName()];
      await here.primary.update([`add ${fqdn}. 1 CNAME ${between}.`, `add ${between}. 1 CNAME ${end.toUpperCase()}.`]);
      const following = { ...here.to, spec: { ...here.to.spec, cnameStrategy: 'Follow' as const } };
      expect(await here.provider.target(following, fqdn)).toBe(end);
      expect(await here.provider.target(here.to, fqdn)).toBe(fqdn);
    });

    test('CNAMEs that go in a circle are refused', async () => {
      const [one, two] = [newName(), newName()];
      await here.primary.update([`add ${one}. 1 CNAME ${two}.`, `add ${two}. 1 CNAME ${one}.`]);
      const following = { ...here.to, spec: { ...here.to.spec, cnameStrategy: 'Follow' as const } };
      await expect(here.provider.target(following, one)).rejects.toMatchObject({ name: 'DnsError', code: 'CnameLoop' });
    });
  });
}
