import { parseIp } from '../../domain/ip.ts';
import { normalizeDnsName } from '../../domain/names.ts';
import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';

/**
 * Checks the URL of a server that gets secrets or whose word counts.
 * @param text what the schema knows to be a URL
 * @throws Refusal `InvalidUrl`
 */
export function checkHttps(text: string, field: string): void {
  const url = new URL(text);
  if (url.protocol !== 'https:') throw new Refusal('InvalidUrl', 'must be an https URL', { field });
  if (url.username || url.password) {
    throw new Refusal('InvalidUrl', 'must not hold a user or a password', {
      field,
      remedy: 'put secrets into a credential',
    });
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/**
 * CA certificates as PEM text, from PEM or from base64 of PEM as Kubernetes writes bytes. Remarks around the certificates are dropped.
 * @throws Refusal `InvalidCaBundle`
 */
export function normalizeCaBundle(text: string, field: string): string {
  const pem = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8');
  const certificates = pem.match(CERTIFICATE);
  if (certificates && !pem.includes('PRIVATE KEY')) return `${certificates.join('\n')}\n`;
  throw new Refusal('InvalidCaBundle', certificates ? 'holds a private key' : 'holds no certificates', {
    field,
    remedy: 'give PEM certificates, as they are or in base64',
  });
}

/**
 * Checks the address of a name server: `host`, `host:port`, an IPv4 or IPv6 address, or `[IPv6]:port`.
 * @throws Refusal `InvalidNameserver`
 */
export function checkHostPort(text: string, field: string): void {
  if (parseIp(text) !== undefined) return;
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const portIsRight = port === undefined || (Number(port) > 0 && Number(port) <= 65535);
  if (bracketed !== undefined && parseIp(bracketed)?.includes(':') && portIsRight) return;
  if (plain !== undefined && portIsRight && isHost(plain, field)) return;
  throw new Refusal('InvalidNameserver', `${quoted(text)} is not a host, host:port or [IPv6]:port`, { field });
}

function isHost(text: string, field: string): boolean {
  if (parseIp(text) !== undefined) return true;
  const name = text.replace(/\.$/, '');
  return !name.includes('*') && normalizeDnsName(name, field) !== '';
}
