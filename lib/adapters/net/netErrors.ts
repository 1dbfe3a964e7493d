import { NetError } from './http.ts';

/** How far an exchange had come when it failed. */
export interface Progress {
  /** The connection (with TLS) stood, so the request may have been read. */
  readonly connected: boolean;
  /** The socket carried an earlier request. */
  readonly reused: boolean;
  /** The head of the answer had come. */
  readonly answered: boolean;
}

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

/** OpenSSL's verification failures as Node names them, and the name check. */
const UNTRUSTED =
  /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|CRL_|INVALID_(CA|PURPOSE)|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_|ERROR_IN_CERT_)/;

function codeFor(code: string, progress: Progress): string {
  if (UNTRUSTED.test(code)) return 'TlsUntrusted';
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) return 'TlsFailed';
  if (code.startsWith('HPE_')) return 'BadAnswer';
  if (code === 'ETIMEDOUT') return progress.connected ? 'Timeout' : 'Unreachable';
  if (UNREACHABLE.has(code)) return 'Unreachable';
  if (LOST.has(code)) return 'ConnectionLost';
  return progress.connected ? 'ConnectionLost' : 'Unreachable';
}

/** A failure of node:http or node:tls as NetError. `where` is host:port; nothing of the answer's text gets in. */
export function netError(error: unknown, where: string, progress: Progress): NetError {
  if (error instanceof NetError) return error;
  const { code = 'unknown', message } = error as NodeJS.ErrnoException;
  const ours = codeFor(code, progress);
  // Only trust failures say more in their message than in their code (which name, which certificate).
  const cause = ours === 'TlsUntrusted' ? message : code;
  return new NetError(ours, `${where}: ${cause}`, progress.connected);
}
