import { DnsError } from '../../ports/dnsProvider.ts';
import type { AddressGuard } from '../net/http.ts';
import { findNameServer, messageIds } from './nameServer.ts';
import { Asker, type Query } from './query.ts';
import { RCODE, rcodeError } from './rcode.ts';
import type { Message } from './wire.ts';

/**
 * What one name server said: an authoritative answer, that the name is none of its business (REFUSED, NOTAUTH, a referral, an answer from a
 * cache), or nothing of use.
 */
export type Said =
  | { readonly server: string; readonly said: 'answer'; readonly message: Message }
  | { readonly server: string; readonly said: 'not mine' }
  | { readonly server: string; readonly said: 'nothing'; readonly why: DnsError };

/** Asks name servers directly, without recursion. One lives as long as one call of the port; `close` it. */
export class Authorities {
  readonly #guard: AddressGuard;
  readonly #timeout: number;
  readonly #ids = messageIds();
  readonly #askers = new Map<string, Promise<Asker>>();

  /** @param timeout milliseconds for each answer */
  constructor(guard: AddressGuard, timeout: number) {
    this.#guard = guard;
    this.#timeout = timeout;
  }

  /** Asks all `servers` at once; none of their failures is thrown. @param servers as `parseNameServer` reads them */
  askAll(servers: readonly string[], query: Query): Promise<Said[]> {
    return Promise.all(servers.map((server) => this.#ask(server, query)));
  }

  async close(): Promise<void> {
    for (const asker of await Promise.allSettled(this.#askers.values()))
      if (asker.status === 'fulfilled') await asker.value.close();
  }

  async #ask(server: string, query: Query): Promise<Said> {
    try {
      const message = await (await this.#asker(server)).ask(query);
      const { rcode } = message;
      if (rcode === RCODE.REFUSED || rcode === RCODE.NOTAUTH) return { server, said: 'not mine' };
      if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN)
        throw rcodeError(rcode, server, `a question for ${query.name}`);
      return message.authoritative ? { server, said: 'answer', message } : { server, said: 'not mine' };
    } catch (error) {
      if (error instanceof DnsError) return { server, said: 'nothing', why: error };
      throw error;
    }
  }

  #asker(server: string): Promise<Asker> {
    const known = this.#askers.get(server);
    if (known) return known;
    const found = findNameServer(this.#guard, server).then((at) => new Asker(at, this.#timeout, this.#ids));
    this.#askers.set(server, found);
    return found;
  }
}

/** The error when no server gave an answer: the first failure, or `DnsNotAuth` when all said that it is not theirs. */
export function noAnswer(all: readonly Said[], name: string): DnsError {
  const failures = all.filter((each) => each.said === 'nothing').map(({ why }) => why);
  const servers = all.map(({ server }) => server).join(', ');
  const [first] = failures;
  if (!first) return new DnsError('DnsNotAuth', `none of ${servers} is authoritative for ${name}`, false);
  const reasons = failures.map(({ message }) => message).join('; ');
  return new DnsError(
    first.code,
    `no name server answered for ${name}: ${reasons}`,
    failures.some(({ retry }) => retry),
  );
}
