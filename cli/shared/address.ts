import { usageError } from './errors.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const SHAPE = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/;

/**
 * Reads `host:port`, `[IPv6]:port`, or a port alone, which is one of 127.0.0.1. Port 0 takes a free one.
 * @throws CliError `usage`
 */
export function readHostPort(text: string, flag: string): HostPort {
  const [, bracketed, plain, digits] = SHAPE.exec(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw usageError(`${flag} ${text}: not host:port`, `write it as ${flag} 127.0.0.1:8443, or [::1]:8443`);
}
