/** What a certificate speaks for: a DNS name (RFC 8555 9.7.7) or an IP address (RFC 8738). Values are normal: lower case, A-labels. */
export interface Identifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/** What a CA must validate before it issues the spec: its DNS names, then its IP addresses, in the order given. */
export const identifiersOf = (spec: {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}): Identifier[] => [
  ...spec.dnsNames.map((value): Identifier => ({ type: 'dns', value })),
  ...spec.ipAddresses.map((value): Identifier => ({ type: 'ip', value })),
];
