import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { DnsError } from '../../ports/dnsProvider.ts';

/** Getting a DNS message to one server and its answer back (RFC 1035 4.2, RFC 7766). */

/** A name server whose address was checked. `label` is what people called it, for messages. */
export interface NameServer {
  readonly label: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

/** A line to one server: many questions at once, answers matched by id. Close it when done. */
export interface Channel {
  /**
   * @param message its first two octets, the id, must be new to this channel
   * @throws DnsError `DnsTimeout`, `DnsUnreachable`
   */
  ask(message: Buffer): Promise<Buffer>;
  close(): void;
}

/** A lost datagram is sent again after these shares of the timeout. */
const RESEND_AT = [0.15, 0.4, 0.7];

/** Opens a TCP connection. @param timeout milliseconds for connecting, and again for each answer */
export async function openTcp(server: NameServer, timeout: number): Promise<Channel> {
  const socket = connect({ host: server.address, port: server.port, family: server.family, noDelay: true });
  const waiting = new Waiting(server, timeout);
  const limit = setTimeout(() => socket.destroy(timeoutOf(server, timeout)), timeout);
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw errorOf(server, error as Error);
  } finally {
    clearTimeout(limit);
  }
  let unread = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    unread = Buffer.concat([unread, chunk]);
    while (unread.length >= 2 && unread.length >= 2 + unread.readUInt16BE(0)) {
      const end = 2 + unread.readUInt16BE(0);
      waiting.settle(unread.subarray(2, end));
      unread = unread.subarray(end);
    }
  });
  socket.on('error', (error) => waiting.fail(errorOf(server, error)));
  socket.on('close', () => waiting.fail(unreachable(server, 'the connection was closed')));
  return {
    ask: (message) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      if (socket.destroyed) return Promise.reject(unreachable(server, 'the connection was closed'));
      return waiting.add(message, () => socket.write(Buffer.concat([length, message])));
    },
    close: () => socket.destroy(),
  };
}

/** Opens a UDP socket that hears this server only. @param timeout milliseconds for each answer, repeats within */
export async function openUdp(server: NameServer, timeout: number): Promise<Channel> {
  const socket = createSocket(server.family === 6 ? 'udp6' : 'udp4');
  const waiting = new Waiting(server, timeout);
  socket.on('message', (answer) => waiting.settle(answer));
  // An ICMP refusal arrives as an error of the socket: it is about the server, so it ends every question.
  socket.on('error', (error) => waiting.fail(errorOf(server, error)));
  const connected = Promise.withResolvers<void>();
  socket.connect(server.port, server.address, ((error?: Error) =>
    error ? connected.reject(errorOf(server, error)) : connected.resolve()) as () => void);
  try {
    await connected.promise;
  } catch (error) {
    socket.close();
    throw error;
  }
  return {
    ask: async (message) => {
      const send = () => socket.send(message, (error) => error && waiting.fail(errorOf(server, error)));
      const repeats = RESEND_AT.map((share) => setTimeout(send, share * timeout));
      try {
        return await waiting.add(message, send);
      } finally {
        for (const repeat of repeats) clearTimeout(repeat);
      }
    },
    close: () => {
      socket.close();
      waiting.fail(unreachable(server, 'the socket was closed'));
    },
  };
}

/** Questions that wait for their answers. */
class Waiting {
  readonly #server: NameServer;
  readonly #timeout: number;
  readonly #byId = new Map<number, { resolve: (answer: Buffer) => void; reject: (error: Error) => void }>();

  constructor(server: NameServer, timeout: number) {
    this.#server = server;
    this.#timeout = timeout;
  }

  add(message: Buffer, send: () => void): Promise<Buffer> {
    const id = message.readUInt16BE(0);
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const limit = setTimeout(() => reject(timeoutOf(this.#server, this.#timeout)), this.#timeout);
    this.#byId.set(id, { resolve, reject });
    send();
    return promise.finally(() => {
      clearTimeout(limit);
      this.#byId.delete(id);
    });
  }

  /** What nobody asked for, or what is no answer at all, is ignored. */
  settle(answer: Buffer): void {
    if (answer.length >= 12) this.#byId.get(answer.readUInt16BE(0))?.resolve(answer);
  }

  fail(error: DnsError): void {
    for (const { reject } of this.#byId.values()) reject(error);
  }
}

function timeoutOf(server: NameServer, timeout: number): DnsError {
  return new DnsError('DnsTimeout', `${server.label} did not answer within ${timeout / 1000} s`, true);
}

function errorOf(server: NameServer, error: Error & { code?: string }): DnsError {
  return error instanceof DnsError ? error : unreachable(server, error.code ?? error.message);
}

function unreachable(server: NameServer, why: string): DnsError {
  return new DnsError('DnsUnreachable', `${server.label} cannot be reached: ${why}`, true);
}
