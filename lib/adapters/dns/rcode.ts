import { DnsError } from '../../ports/dnsProvider.ts';

/** Response codes (RFC 1035 4.1.1, RFC 2136 2.2). */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXRRSET: 7,
  NOTAUTH: 9,
  NOTZONE: 10,
} as const;

/** rcode: [its name, our code, whether time may cure it, what it mostly means]. */
const MEANING: Readonly<Record<number, readonly [string, string, boolean, string]>> = {
  1: ['FORMERR', 'DnsMalformed', false, 'it does not understand the message'],
  2: ['SERVFAIL', 'DnsServFail', true, 'it failed; its log says why'],
  4: ['NOTIMP', 'DnsRefused', false, 'it takes no dynamic updates'],
  5: ['REFUSED', 'DnsRefused', false, 'its policy does not allow it to this key or address'],
  9: ['NOTAUTH', 'DnsNotAuth', false, 'it is not the primary of the zone, or it demands a TSIG key'],
  10: ['NOTZONE', 'DnsNotZone', false, 'the name is not in the zone'],
};

/** What a response code other than NOERROR says about an act, such as `an update of example.test`. */
export function rcodeError(rcode: number, server: string, act: string): DnsError {
  const [name, code, retry, meaning] = MEANING[rcode] ?? [`rcode ${rcode}`, 'DnsRefused', false, 'no further word'];
  return new DnsError(code, `${server} answered ${name} to ${act}: ${meaning}`, retry);
}
