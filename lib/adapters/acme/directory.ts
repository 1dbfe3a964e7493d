import type { DirectoryMeta } from '../../ports/acmeServer.ts';
import { MalformedAnswer, type Reader, reader } from './reader.ts';

/** A CA's directory (RFC 8555 7.1.1). */
export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  readonly revokeCert?: string;
  readonly keyChange?: string;
  readonly meta: DirectoryMeta;
}

function profilesOf(meta: Reader | undefined): Record<string, string> {
  const profiles = meta?.object('profiles');
  return Object.fromEntries((profiles?.members() ?? []).map((name) => [name, String(profiles!.raw(name))]));
}

function textsOf(meta: Reader | undefined, member: string): string[] {
  const found = meta?.raw(member);
  return Array.isArray(found) ? found.filter((one) => typeof one === 'string') : [];
}

/** Reads a directory. @throws MalformedAnswer naming what is missing, for an address that answers something else */
export function directoryOf(json: unknown): Directory {
  const from = reader('directory', json);
  const missing = ['newNonce', 'newAccount', 'newOrder'].filter((member) => typeof from.raw(member) !== 'string');
  if (missing.length > 0) throw new MalformedAnswer(`this is no ACME directory: it has no ${missing.join(', ')}`);
  const meta = from.object('meta');
  const [revokeCert, keyChange] = [from.optionalUrl('revokeCert'), from.optionalUrl('keyChange')];
  const [terms, renewalInfo] = [meta?.optionalString('termsOfService'), from.optionalUrl('renewalInfo')];
  return {
    newNonce: from.url('newNonce'),
    newAccount: from.url('newAccount'),
    newOrder: from.url('newOrder'),
    ...(revokeCert ? { revokeCert } : {}),
    ...(keyChange ? { keyChange } : {}),
    meta: {
      profiles: profilesOf(meta),
      caaIdentities: textsOf(meta, 'caaIdentities'),
      externalAccountRequired: meta?.flag('externalAccountRequired') ?? false,
      ...(terms ? { termsOfService: terms } : {}),
      ...(renewalInfo ? { renewalInfo } : {}),
    },
  };
}

/** One directory, asked for once and shared. */
export interface DirectoryCache {
  get(): Promise<Directory>;
  /** The next `get` asks again. */
  forget(): void;
}

/** A CA moves its resources rarely, and says so nowhere. */
const MAX_AGE_MS = 3_600_000;

/**
 * Keeps a directory for an hour. Callers that come while it is asked for share the answer; a failure is not kept.
 * @param now milliseconds, monotonic
 */
export function directoryCache(fetch: () => Promise<Directory>, now: () => number): DirectoryCache {
  let current: { readonly at: number; readonly directory: Promise<Directory> } | undefined;
  return {
    get() {
      if (current && now() - current.at < MAX_AGE_MS) return current.directory;
      const asked = { at: now(), directory: fetch() };
      current = asked;
      asked.directory.catch(() => {
        if (current === asked) current = undefined;
      });
      return asked.directory;
    },
    forget() {
      current = undefined;
    },
  };
}
