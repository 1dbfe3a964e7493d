import type { Rfc2136Spec } from '../../domain/spec.ts';
import { type Dns01Target, DnsError, type DnsProvider, type TxtValue } from '../../ports/dnsProvider.ts';
import type { AddressGuard, HttpClient } from '../net/http.ts';
import { Authorities } from './authorities.ts';
import { cnameAtAuthorities, followCnames, outsideSolver } from './delegation.ts';
import { findNameServer } from './nameServer.ts';
import { type Lag, missingValues } from './propagation.ts';
import { recursiveResolver } from './resolver.ts';
import { cleanUpByUpdate, presentByUpdate, type UpdateServer, zoneAtServer } from './rfc2136.ts';
import { tsigKey } from './tsig.ts';
import { callWebhook } from './webhook.ts';

export interface DnsOptions {
  readonly http: HttpClient;
  readonly guard: AddressGuard;
  /** Addresses (`address` or `address:port`) of the recursive resolver for CNAME and NS; the system's when absent. */
  readonly resolvers?: readonly string[];
  /** Milliseconds for one exchange with an update server, half of it for a question to any other; 5000 when absent. */
  readonly timeout?: number;
  /** Milliseconds since the epoch, for TSIG. */
  readonly now?: () => number;
  /** Is told which server keeps a value from being there everywhere. */
  readonly onLag?: (lag: Lag) => void;
}

const TIMEOUT = 5000;

/** TXT records by dynamic update (RFC 2136) or by a webhook, as the solver's spec says. */
export function dnsProvider(options: DnsOptions): DnsProvider {
  const { http, guard, timeout = TIMEOUT, now = Date.now, onLag = () => {} } = options;
  const resolver = recursiveResolver(options.resolvers, timeout / 2);

  const updateServer = async (spec: Rfc2136Spec, { secrets }: Dns01Target): Promise<UpdateServer> => {
    const key = tsigKey(spec, secrets.tsigSecretSecretRef);
    return { server: await findNameServer(guard, spec.nameserver), key, timeout, now };
  };

  const withAuthorities = async <T>(work: (authorities: Authorities) => Promise<T>): Promise<T> => {
    const authorities = new Authorities(guard, timeout / 2);
    return work(authorities).finally(() => authorities.close());
  };

  const change = async (to: Dns01Target, act: 'present' | 'cleanup', values: readonly TxtValue[]): Promise<void> => {
    const { rfc2136, webhook } = to.spec;
    if (values.length === 0) return;
    if (rfc2136) {
      const byUpdate = act === 'present' ? presentByUpdate : cleanUpByUpdate;
      await byUpdate(await updateServer(rfc2136, to), values);
    } else if (webhook) {
      await callWebhook({ http, spec: webhook, token: to.secrets.tokenSecretRef }, act, values);
    } else {
      throw new DnsError('SolverIncomplete', 'the dns01 solver has none of rfc2136, route53 and webhook', false);
    }
  };

  const target = async (to: Dns01Target, fqdn: string): Promise<string> => {
    const { cnameStrategy, nameservers, rfc2136 } = to.spec;
    if (cnameStrategy !== 'Follow') return fqdn;
    const end = nameservers?.length
      ? await withAuthorities((authorities) => followCnames(fqdn, cnameAtAuthorities(authorities, nameservers)))
      : await followCnames(fqdn, resolver.cname);
    if (end === fqdn || !rfc2136) return end;
    // Whoever may set the CNAME must not choose where we write: only the solver's own zones are followed into.
    await zoneAtServer(await updateServer(rfc2136, to), end).catch((error) => {
      throw error instanceof DnsError && error.code === 'DnsNotZone'
        ? outsideSolver(fqdn, end, rfc2136.nameserver, error)
        : error;
    });
    return end;
  };

  const missing = (to: Dns01Target, values: readonly TxtValue[]): Promise<TxtValue[]> => {
    const { nameservers } = to.spec;
    const serversOf = async (fqdn: string) => (nameservers?.length ? nameservers : resolver.nameServersOf(fqdn));
    return withAuthorities((authorities) => missingValues(authorities, values, serversOf, onLag));
  };

  return {
    target,
    present: (to, values) => change(to, 'present', values),
    cleanUp: (to, values) => change(to, 'cleanup', values),
    missing,
  };
}
