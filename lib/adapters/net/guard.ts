import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Address, isSpecialAddress } from './addresses.ts';
import { allowList } from './allowList.ts';
import { type AddressGuard, NetError } from './http.ts';

/** The guard as the HTTP client uses it: with every permitted address, so that the socket may try both families. */
export interface DialGuard extends AddressGuard {
  /** Every permitted address of a name or literal. Throws NetError `AddressRefused` or `NameUnresolved`. */
  permitted(host: string, port: number): Promise<Address[]>;
  /** The same check for an address literal, at once. */
  checkLiteral(host: string, port: number): Address;
}

/** Asks a name's addresses; replaceable in tests. */
export type Lookup = (host: string) => Promise<readonly { address: string; family: number }[]>;

const systemLookup: Lookup = (host) => lookup(host, { all: true });

/** A host as a URL writes it to one as a resolver reads it: no brackets, no trailing dot, lower case. */
export const plainHost = (host: string): string =>
  host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();

const refused = (host: string, port: number): NetError =>
  new NetError(
    'AddressRefused',
    `${host}:${port} is a private, local or reserved address, and the operator allows no such server`,
    false,
  );

/**
 * Guards against addresses that input names but that are not the public internet's.
 * @param allow the operator's exceptions: `host`, `host:port`, address, CIDR block, or `*` for all
 */
export function addressGuard(allow: readonly string[], ask: Lookup = systemLookup): DialGuard {
  const list = allowList(allow);
  const open = (host: string, address: string, port: number) =>
    !isSpecialAddress(address) || list.allows(host, address, port);

  function checkLiteral(host: string, port: number): Address {
    const address = plainHost(host);
    if (!open(address, address, port)) throw refused(host, port);
    return { address, family: isIP(address) === 6 ? 6 : 4 };
  }

  async function permitted(host: string, port: number): Promise<Address[]> {
    const name = plainHost(host);
    if (isIP(name) !== 0) return [checkLiteral(name, port)];
    const found = await ask(name).catch((error: NodeJS.ErrnoException) => {
      throw new NetError('NameUnresolved', `${name} has no address (${error.code ?? error.message})`, false);
    });
    if (found.length === 0) throw new NetError('NameUnresolved', `${name} has no address`, false);
    const usable = found
      .filter(({ address }) => open(name, address, port))
      .map(({ address, family }): Address => ({ address, family: family === 6 ? 6 : 4 }));
    if (usable.length === 0) throw refused(name, port);
    return usable;
  }

  return { checkLiteral, permitted, resolve: async (host, port) => (await permitted(host, port))[0]! };
}
