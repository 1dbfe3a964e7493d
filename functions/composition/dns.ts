import { dnsProvider } from '../../lib/adapters/dns/dnsProvider.ts';
import { addressGuard } from '../../lib/adapters/net/guard.ts';
import { allow, http } from './http.ts';
import { log } from './system.ts';

export const dns = dnsProvider({
  http,
  guard: addressGuard(allow),
  onLag: (lag) => log.info('dns: a value is not published everywhere yet', { ...lag }),
});
