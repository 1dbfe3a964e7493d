/** What a certificate speaks for: a DNS name (RFC 8555 9.7.7) or an IP address (RFC 8738). Values are normal: lower case, A-labels. */
export interface Identifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}
