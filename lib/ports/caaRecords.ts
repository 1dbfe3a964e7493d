import type { CaaRecord } from '../domain/caa.ts';

/**
 * CAA records as a CA would find them. Contract: the relevant record set of a name (RFC 8659 3), which is empty when neither the name nor a
 * parent has one. A name server that does not answer is no permission: that throws DnsError, and nothing else does.
 */
export interface CaaRecords {
  /** @param dnsName an A-label name, with or without a leading `*.` */
  relevant(dnsName: string): Promise<readonly CaaRecord[]>;
}
