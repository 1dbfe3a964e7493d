import { type Dns01Target, DnsError, type DnsProvider } from '../ports/dnsProvider.ts';

/**
 * One {@link DnsProvider} over those that there are: `route53` for solvers that name it, `dns` (RFC 2136, webhooks) for all others.
 * A solver that this installation cannot serve is refused: DnsError `SolverNotServed`.
 */
export function dnsProviders({
  dns,
  route53,
}: {
  readonly dns: DnsProvider;
  readonly route53?: DnsProvider;
}): DnsProvider {
  const providerFor = ({ spec }: Dns01Target): DnsProvider => {
    if (!spec.route53) return dns;
    if (route53) return route53;
    throw new DnsError('SolverNotServed', 'this installation has no access to Route 53', false);
  };
  return {
    target: async (to, fqdn) => providerFor(to).target(to, fqdn),
    present: async (to, values) => providerFor(to).present(to, values),
    cleanUp: async (to, values) => providerFor(to).cleanUp(to, values),
    missing: async (to, values) => providerFor(to).missing(to, values),
  };
}
