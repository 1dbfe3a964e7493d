import { NetError } from './http.ts';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'EACCES',
]);
const LOST = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED']);

/** How OpenSSL's verification failures begin as Node names them, and the name check. */
const UNTRUSTED = [
  'UNABLE_TO_',
  'SELF_SIGNED_',
  'DEPTH_ZERO_',
  'CERT_',
  'CRL_',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_',
  'ERROR_IN_CERT_',
];

/** Node advises its own user to start it otherwise; ours is told of the caBundle. */
const NODE_HINT = /; if the root CA is installed locally.*$/s;

function codeFor(code: string, connected: boolean): string {
  if (UNTRUSTED.some((start) => code.startsWith(start))) return 'TlsUntrusted';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return 'TlsFailed';
  if (code.startsWith('HPE_')) return 'BadAnswer';
  if (code === 'ETIMEDOUT') return connected ? 'Timeout' : 'Unreachable';
  if (UNREACHABLE.has(code)) return 'Unreachable';
  if (LOST.has(code)) return 'ConnectionLost';
  return connected ? 'ConnectionLost' : 'Unreachable';
}

/**
 * A failure of node:http or node:tls as NetError. `where` is host:port, `connected` whether the request may have been
 * sent; nothing of the answer's text gets in.
 */
export function netError(error: unknown, where: string, connected: boolean): NetError {
  if (error instanceof NetError) return error;
  const { code = 'unknown', message } = error as NodeJS.ErrnoException;
  const ours = codeFor(code, connected);
  // Only trust failures say more in their message than in their code (which name, which certificate).
  const cause = ours === 'TlsUntrusted' ? message.replace(NODE_HINT, '') : code;
  return new NetError(ours, `${where}: ${cause}`, connected);
}
