import { X509Certificate } from 'node:crypto';
import { isHttpUrl, MalformedAnswer } from './reader.ts';

const BLOCK = /-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n?-----END CERTIFICATE-----[ \t]*(?:\r?\n|$)/y;
const MAX_CERTIFICATES = 20;
const MAX_ALTERNATES = 10;

/**
 * Checks a downloaded chain (RFC 8555 9.1: certificates and nothing else, leaf first) and writes it in one normal form.
 * @throws MalformedAnswer when there is anything else in it or a certificate is not DER
 */
export function chainPem(text: string): string {
  const rest = text.trimStart();
  const blocks: string[] = [];
  BLOCK.lastIndex = 0;
  while (BLOCK.lastIndex < rest.length) {
    const block = BLOCK.exec(rest);
    if (!block || blocks.length === MAX_CERTIFICATES) {
      throw new MalformedAnswer('the chain is not a list of PEM certificates and nothing else');
    }
    blocks.push(block[1]!.replace(/\s/g, ''));
    while (/\s/.test(rest[BLOCK.lastIndex] ?? '')) BLOCK.lastIndex++;
  }
  if (blocks.length === 0) throw new MalformedAnswer('the chain is empty');
  return blocks.map(certificatePem).join('');
}

/** Whether the bytes are one DER SEQUENCE and nothing after it. What is in it, the reader of certificates judges. */
function isSequence(der: Buffer): boolean {
  if (der[0] !== 0x30 || der.length < 4) return false;
  const first = der[1]!;
  const octets = first & 0x7f;
  if (first < 0x80) return der.length === 2 + first;
  return octets >= 1 && octets <= 3 && der.length === 2 + octets + der.readUIntBE(2, octets);
}

function certificatePem(base64: string): string {
  if (!isSequence(Buffer.from(base64, 'base64'))) throw new MalformedAnswer('a certificate of the chain is not DER');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** Common name of the issuer of a chain's last certificate: the root that the chain leads to. */
export function topIssuer(pem: string): string | undefined {
  const last = pem.slice(pem.lastIndexOf('-----BEGIN CERTIFICATE-----'));
  try {
    const name: unknown = new X509Certificate(last).toLegacyObject().issuer?.CN;
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Addresses of a chain's alternates: Link headers with rel="alternate" (RFC 8555 7.4.2, RFC 8288).
 * @param base the address that answered, since a link may be relative
 */
export function alternateUrls(link: string | undefined, base: string): string[] {
  const urls: string[] = [];
  for (const [, target = '', parameters = ''] of (link ?? '').matchAll(/<([^>]*)>((?:[^<"]|"(?:[^"\\]|\\.)*")*)/g)) {
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters);
    const words = (relation?.[1] ?? relation?.[2] ?? '').toLowerCase().split(/\s+/);
    const url = URL.parse(target, base)?.href;
    if (words.includes('alternate') && url !== undefined && isHttpUrl(url)) urls.push(url);
  }
  return urls.slice(0, MAX_ALTERNATES);
}
