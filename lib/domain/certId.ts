/**
 * The identifier of a certificate in renewal information and in `replaces` (RFC 9773 4.1).
 * @param authorityKeyId hex of the AKI's keyIdentifier
 * @param serial hex; the DER content octets follow from it, with a leading zero where the top bit is set
 */
export function certId(authorityKeyId: string, serial: string): string {
  const bytes = Buffer.from(serial.length % 2 === 0 ? serial : `0${serial}`, 'hex');
  const content = bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return `${Buffer.from(authorityKeyId, 'hex').toString('base64url')}.${content.toString('base64url')}`;
}
