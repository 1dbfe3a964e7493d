import { dnsProvider } from '../../lib/adapters/dns/dnsProvider.ts';
import { dnsProviders } from '../../lib/adapters/dnsProviders.ts';
import { addressGuard } from '../../lib/adapters/net/guard.ts';
import { route53Clients } from '../../lib/adapters/route53/clients.ts';
import { route53DnsProvider } from '../../lib/adapters/route53/dnsProvider.ts';
import { allow, http } from './http.ts';
import { sessionName, sts } from './sts.ts';
import { log } from './system.ts';

const others = dnsProvider({
  http,
  guard: addressGuard(allow),
  onLag: (lag) => log.info('dns: a value is not published everywhere yet', { ...lag }),
});

export const dns = dnsProviders({
  route53: route53DnsProvider({ client: route53Clients({ config: {}, sts, sessionName }), dns: others }),
  dns: others,
});
