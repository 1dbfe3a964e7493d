import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Environment, given } from './environment.ts';
import { CliError, usageError } from './errors.ts';
import { programIn } from './program.ts';

/** Where the service is, and by what it knows us. */
export interface Connection {
  readonly url: URL;
  readonly token: string;
  /** PEM; undefined trusts the CAs that Node trusts. */
  readonly ca?: string;
  /** What named the service, for messages. */
  readonly source: string;
}

export interface ConnectionFlags {
  readonly url?: string | undefined;
  readonly 'token-file'?: string | undefined;
  readonly 'ca-file'?: string | undefined;
  readonly data?: string | undefined;
}

export const DEFAULT_DATA = '.chancery';

/** The data folder: flag, then CHANCERY_DATA, then `./.chancery`. */
export const dataFolderOf = ({ data }: ConnectionFlags, env: Environment): string =>
  resolve(given(data, env, 'CHANCERY_DATA') ?? DEFAULT_DATA);

/**
 * Finds the service: flags, then the environment, then the data folder. A data folder given as a flag counts before CHANCERY_URL. The data
 * folder's token goes to the service of that data folder alone, never to another address.
 * @throws CliError `usage`, `unreachable` when no service runs in the data folder, `unauthorized` without a token
 */
export function findConnection(flags: ConnectionFlags, env: Environment): Connection {
  const byFolder = flags.data !== undefined && flags.url === undefined;
  const named = byFolder ? undefined : given(flags.url, env, 'CHANCERY_URL');
  const folder = dataFolderOf(flags, env);
  const endpoint = readEndpoint(folder);
  if (named === undefined && !endpoint) throw noService(folder);
  const url = urlOf(named ?? endpoint!.url, named === undefined ? join(folder, 'endpoint.json') : nameOf(flags));
  // A name for the very service of the data folder is that service too.
  const own = endpoint && new URL(endpoint.url).origin === url.origin ? endpoint : undefined;
  const caFile = flags['ca-file'] ?? (byFolder ? undefined : env.CHANCERY_CA_FILE || undefined) ?? own?.ca;
  const token =
    tokenOfFile(flags['token-file'], '--token-file') ??
    (byFolder ? undefined : tokenOfEnvironment(env)) ??
    (own && tokenOfFolder(folder));
  if (token === undefined) throw noToken(url);
  return {
    url,
    token,
    ...(caFile !== undefined && { ca: readFile(caFile, 'the CA file') }),
    source: named === undefined ? `the data folder ${folder}` : nameOf(flags),
  };
}

const nameOf = ({ url }: ConnectionFlags): string => (url === undefined ? 'CHANCERY_URL' : '--url');

/** Clients know of the data folder only this file and `admin.token`. */
function readEndpoint(folder: string): { url: string; ca?: string } | undefined {
  try {
    const { url, ca } = JSON.parse(readFileSync(join(folder, 'endpoint.json'), 'utf8'));
    return typeof url === 'string' && URL.canParse(url) ? { url, ...(typeof ca === 'string' && { ca }) } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return undefined;
    throw new CliError('unauthorized', `the data folder ${folder} is not yours to read`, {
      remedy: 'run this as the user who runs the service, or give --url, --token-file and --ca-file',
    });
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

function urlOf(text: string, source: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol) || url.username || url.password) {
    throw usageError(`${source}: not an address of a service`, 'write it as https://host:port');
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw usageError(`${source}: a token is not sent over plain HTTP to another machine`, 'use https');
  }
  return url;
}

function tokenOfEnvironment(env: Environment): string | undefined {
  const token = env.CHANCERY_TOKEN?.trim();
  return token || tokenOfFile(env.CHANCERY_TOKEN_FILE || undefined, 'CHANCERY_TOKEN_FILE');
}

function tokenOfFile(file: string | undefined, source: string): string | undefined {
  if (file === undefined) return undefined;
  const token = readFile(file, source).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw usageError(`${source}: ${file} holds no token`, 'it must hold the token and nothing else');
}

function tokenOfFolder(folder: string): string | undefined {
  const file = join(folder, 'admin.token');
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CliError('unauthorized', `cannot read the token in ${file}`, {
      remedy: 'run this as the user who runs the service, or give --token-file or CHANCERY_TOKEN',
    });
  }
}

function readFile(file: string, source: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${source}: cannot read ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}

const noService = (folder: string): CliError =>
  new CliError('unreachable', `no service runs in the data folder ${folder}`, {
    remedy: `start one: ${programIn(process.cwd())} serve; or name one: --url or CHANCERY_URL, or --data for another folder`,
  });

const noToken = (url: URL): CliError =>
  new CliError('unauthorized', `there is no token for ${url.origin}`, {
    remedy: 'give --token-file, CHANCERY_TOKEN or CHANCERY_TOKEN_FILE',
  });
