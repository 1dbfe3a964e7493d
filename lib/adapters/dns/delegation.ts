import { DnsError } from '../../ports/dnsProvider.ts';
import { type Authorities, noAnswer, type Said } from './authorities.ts';
import { decodeName, normalName, sameName } from './name.ts';
import { TYPE } from './wire.ts';

/** Following `_acme-challenge.<name>` to where its TXT record may be written (RFC 8555 8.4 lets the CA follow CNAMEs). */

/** A longer chain than this is a mistake; resolvers stop at about as many. */
const MAX_DEPTH = 8;

/** Answers the CNAME at a name, or undefined when none stands there. */
export type CnameLookup = (name: string) => Promise<string | undefined>;

/**
 * The end of the chain of CNAMEs that begins at `fqdn`; `fqdn` itself when there is none.
 * @throws DnsError `CnameLoop` when the chain comes back to itself or has more than 8 links; what the look-up throws
 */
export async function followCnames(fqdn: string, lookup: CnameLookup): Promise<string> {
  const chain = [normalName(fqdn)];
  for (;;) {
    const next = await lookup(chain.at(-1) as string);
    if (next === undefined) return chain.at(-1) as string;
    const loops = chain.includes(normalName(next));
    chain.push(normalName(next));
    if (loops) throw new DnsError('CnameLoop', `the CNAMEs go in a circle: ${chain.join(' -> ')}`, false);
    if (chain.length > MAX_DEPTH + 1)
      throw new DnsError('CnameLoop', `more than ${MAX_DEPTH} CNAMEs follow each other: ${chain.join(' -> ')}`, false);
  }
}

/**
 * A look-up at the authoritative servers themselves. A name that none of them serves has no CNAME that we could see: the chain ends there.
 */
export function cnameAtAuthorities(authorities: Authorities, servers: readonly string[]): CnameLookup {
  return async (name) => {
    const all = await authorities.askAll(servers, { name, type: TYPE.CNAME });
    if (all.every(({ said }) => said === 'nothing')) throw noAnswer(all, name);
    return all.map((each) => cnameOf(each, name)).find((target) => target !== undefined);
  };
}

/** `fqdn` points to a name that the solver's server cannot write. */
export function outsideSolver(fqdn: string, target: string, server: string, why: DnsError): DnsError {
  const expected = `${fqdn} CNAME _acme-challenge.<label>.<zone>, with a zone that ${server} serves to this solver's key`;
  const message = `${fqdn} is a CNAME to ${target}, where this solver may not write (${why.message}); expected: ${expected}`;
  return new DnsError(why.code, message, why.retry);
}

function cnameOf(each: Said, name: string): string | undefined {
  if (each.said !== 'answer') return undefined;
  const record = each.message.answers.find(({ type, name: owner }) => type === TYPE.CNAME && sameName(owner, name));
  return record && decodeName(record.data, 0).name;
}
