/** Bits of the KeyUsage extension (RFC 5280 4.2.1.3). */
export type KeyUsageBit =
  | 'digitalSignature'
  | 'contentCommitment'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly';

/** What a usage word puts into a certificate: a key usage bit, or the OID of an extended key usage (RFC 5280 4.2.1.12). */
export type UsageMeaning = { readonly keyUsage: KeyUsageBit } | { readonly extended: string };

/** cert-manager's usage words. Nothing else lists them. */
export const USAGES = {
  signing: { keyUsage: 'digitalSignature' },
  'digital signature': { keyUsage: 'digitalSignature' },
  'content commitment': { keyUsage: 'contentCommitment' },
  'key encipherment': { keyUsage: 'keyEncipherment' },
  'key agreement': { keyUsage: 'keyAgreement' },
  'data encipherment': { keyUsage: 'dataEncipherment' },
  'cert sign': { keyUsage: 'keyCertSign' },
  'crl sign': { keyUsage: 'cRLSign' },
  'encipher only': { keyUsage: 'encipherOnly' },
  'decipher only': { keyUsage: 'decipherOnly' },
  any: { extended: '2.5.29.37.0' },
  'server auth': { extended: '1.3.6.1.5.5.7.3.1' },
  'client auth': { extended: '1.3.6.1.5.5.7.3.2' },
  'code signing': { extended: '1.3.6.1.5.5.7.3.3' },
  'email protection': { extended: '1.3.6.1.5.5.7.3.4' },
  's/mime': { extended: '1.3.6.1.5.5.7.3.4' },
  'ipsec end system': { extended: '1.3.6.1.5.5.7.3.5' },
  'ipsec tunnel': { extended: '1.3.6.1.5.5.7.3.6' },
  'ipsec user': { extended: '1.3.6.1.5.5.7.3.7' },
  timestamping: { extended: '1.3.6.1.5.5.7.3.8' },
  'ocsp signing': { extended: '1.3.6.1.5.5.7.3.9' },
  'microsoft sgc': { extended: '1.3.6.1.4.1.311.10.3.3' },
  'netscape sgc': { extended: '2.16.840.1.113730.4.1' },
} as const satisfies Readonly<Record<string, UsageMeaning>>;

/** A word of {@link USAGES}. */
export type Usage = keyof typeof USAGES;

/** Whether a word is a usage. */
export const isUsage = (word: string): word is Usage => Object.hasOwn(USAGES, word);
