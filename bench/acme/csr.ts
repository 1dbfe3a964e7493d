import { generateKeyPairSync, sign } from 'node:crypto';

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts);
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const SAN = hex('0603551d11');
const EXTENSION_REQUEST = hex('06092a864886f70d01090e');
const ECDSA_SHA256 = hex('300a06082a8648ce3d040302');

/** DER of a CSR for these DNS names by a new P-256 key: the least that a certificate costs (RFC 2986). */
export function plainCsr(names: readonly string[]): Buffer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const alternatives = der(0x30, ...names.map((name) => der(0x82, Buffer.from(name))));
  const extensions = der(0x30, der(0x30, SAN, der(0x04, alternatives)));
  const attributes = der(0xa0, der(0x30, EXTENSION_REQUEST, der(0x31, extensions)));
  const info = der(0x30, hex('020100'), der(0x30), publicKey.export({ type: 'spki', format: 'der' }), attributes);
  const signature = sign('sha256', info, privateKey);
  return der(0x30, info, ECDSA_SHA256, der(0x03, Buffer.of(0), signature));
}
