import type { TxtValue } from '../../ports/dnsProvider.ts';
import { type Authorities, noAnswer, type Said } from './authorities.ts';
import { TYPE, txtText } from './wire.ts';

/** Whether presented values stand at every authoritative name server yet. */

/** Why a value counts as missing. */
export interface Lag {
  readonly server: string;
  readonly fqdn: string;
  readonly reason: string;
}

/**
 * Asks every server of every name, all at once. A server that gives no answer lacks everything; one that says the name is not its own is left
 * out as long as another is authoritative, since that is how a CA's resolver treats a lame server.
 *
 * @param serversOf the authoritative servers of a name
 * @param onLag is told each server that holds a value back
 * @returns values that some server lacks, in the order given
 * @throws DnsError when no server of a name answers at all, or none is authoritative
 */
export async function missingValues(
  authorities: Authorities,
  values: readonly TxtValue[],
  serversOf: (fqdn: string) => Promise<readonly string[]>,
  onLag: (lag: Lag) => void,
): Promise<TxtValue[]> {
  const names = [...new Set(values.map(({ fqdn }) => fqdn))];
  const missing = new Set<TxtValue>();
  const judge = async (fqdn: string) => {
    const all = await authorities.askAll(await serversOf(fqdn), { name: fqdn, type: TYPE.TXT });
    if (!all.some(({ said }) => said === 'answer')) throw noAnswer(all, fqdn);
    for (const each of all) {
      const lacking = values.filter((value) => value.fqdn === fqdn && lacks(each, value.value));
      for (const value of lacking) missing.add(value);
      if (lacking.length > 0) onLag({ server: each.server, fqdn, reason: reasonOf(each) });
    }
  };
  await Promise.all(names.map(judge));
  return values.filter((value) => missing.has(value));
}

function lacks(each: Said, value: string): boolean {
  if (each.said === 'not mine') return false;
  if (each.said === 'nothing') return true;
  return !each.message.answers.some(({ type, data }) => type === TYPE.TXT && txtText(data) === value);
}

const reasonOf = (each: Said): string =>
  each.said === 'nothing' ? each.why.message : 'it does not have the record yet';
