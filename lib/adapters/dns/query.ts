import { DnsError } from '../../ports/dnsProvider.ts';
import { sameName } from './name.ts';
import { RCODE } from './rcode.ts';
import { type Channel, type NameServer, openTcp, openUdp } from './transport.ts';
import { decodeMessage, type Message, OPCODE, question } from './wire.ts';

/** One name and record type to ask for. */
export interface Query {
  readonly name: string;
  readonly type: number;
}

/** Refuses an answer that does not belong to the query (RFC 5452 4). @throws DnsError `DnsMalformed` */
export function checkAnswer(answer: Message, { name, type }: Query, server: string): Message {
  const [asked] = answer.questions;
  // Answers to updates and refusals may come without the question (RFC 2136 3.8).
  const mayBeBare = answer.opcode === OPCODE.UPDATE || answer.rcode !== RCODE.NOERROR;
  const matches = asked ? sameName(asked.name, name) && asked.type === type : mayBeBare;
  if (answer.response && matches) return answer;
  throw new DnsError('DnsMalformed', `${server} answered something else than was asked`, true);
}

/**
 * Asks one server without recursion: by UDP, and again by TCP what was cut off (RFC 7766 5). Opens sockets when they are needed and keeps
 * them until `close`.
 */
export class Asker {
  readonly #server: NameServer;
  readonly #timeout: number;
  readonly #ids: () => number;
  #udp: Promise<Channel> | undefined;
  #tcp: Promise<Channel> | undefined;

  constructor(server: NameServer, timeout: number, ids: () => number) {
    this.#server = server;
    this.#timeout = timeout;
    this.#ids = ids;
  }

  /** @throws DnsError `DnsTimeout`, `DnsUnreachable`, `DnsMalformed`; a response code is no error here */
  async ask(query: Query): Promise<Message> {
    this.#udp ??= openUdp(this.#server, this.#timeout);
    const answer = await this.#exchange(await this.#udp, query);
    if (!answer.truncated) return answer;
    this.#tcp ??= openTcp(this.#server, this.#timeout);
    return this.#exchange(await this.#tcp, query);
  }

  async close(): Promise<void> {
    for (const opened of await Promise.allSettled([this.#udp, this.#tcp]))
      if (opened.status === 'fulfilled') opened.value?.close();
  }

  async #exchange(channel: Channel, query: Query): Promise<Message> {
    const answer = await channel.ask(question(this.#ids(), query.name, query.type));
    return checkAnswer(decodeMessage(answer), query, this.#server.label);
  }
}
