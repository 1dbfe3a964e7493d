import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { messageIds, parseNameServer } from '../../../lib/adapters/dns/nameServer.ts';
import { Asker } from '../../../lib/adapters/dns/query.ts';
import { type NameServer, openTcp } from '../../../lib/adapters/dns/transport.ts';
import { CLASS, decodeMessage, encodeMessage, type Message, question, TYPE } from '../../../lib/adapters/dns/wire.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const at = (port: number): NameServer => ({ label: 'the server', address: '127.0.0.1', family: 4, port });
const query = { name: 'a.example.test', type: TYPE.TXT };

/** The answer to a message: itself as a response, with changes. */
const answerTo = (message: Buffer, changes: Partial<Message> = {}): Buffer => {
  const { id, questions } = decodeMessage(message);
  return encodeMessage({ id, response: true, authoritative: true, questions, ...changes });
};

/** A UDP server that answers each datagram with these, in their order. */
async function udpServer(answers: (message: Buffer, count: number) => readonly Buffer[], port = 0): Promise<number> {
  const socket = createSocket('udp4');
  let count = 0;
  socket.on('message', (message, from) => {
    for (const answer of answers(message, ++count)) socket.send(answer, from.port, from.address);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  closers.push(() => socket.close());
  return socket.address().port;
}

async function tcpServer(handle: (socket: Socket, message: Buffer) => void, port = 0): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => handle(socket, chunk.subarray(2)));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const framed = (message: Buffer) => Buffer.concat([Buffer.of(message.length >> 8, message.length & 0xff), message]);

describe('by UDP', () => {
  const ask = async (port: number, timeout = 2000) => {
    const asker = new Asker(at(port), timeout, messageIds());
    return asker.ask(query).finally(() => asker.close());
  };

  test('a lost datagram is sent again', async () => {
    const port = await udpServer((message, count) => (count < 3 ? [] : [answerTo(message)]));
    expect((await ask(port, 1000)).authoritative).toBe(true);
  });

  test('answers with another id, and what is too short to be one, are passed over', async () => {
    const port = await udpServer((message) => {
      const other = answerTo(message, { rcode: 5 });
      other.writeUInt16BE(other.readUInt16BE(0) ^ 1, 0);
      return [Buffer.of(1), other, answerTo(message)];
    });
    expect((await ask(port)).rcode).toBe(0);
  });

  test('an answer to another question is DnsMalformed', async () => {
    const questions = [{ name: 'b.example.test', type: TYPE.TXT, class: CLASS.IN }];
    const port = await udpServer((message) => [answerTo(message, { questions })]);
    await expect(ask(port)).rejects.toMatchObject({ code: 'DnsMalformed' });
    const none = await udpServer((message) => [answerTo(message, { questions: [] })]);
    await expect(ask(none)).rejects.toMatchObject({ code: 'DnsMalformed' });
  });

  test('the question itself, sent back, is no answer', async () => {
    const port = await udpServer((message) => [message]);
    await expect(ask(port)).rejects.toMatchObject({ code: 'DnsMalformed' });
  });

  test('what is cut off is asked again by TCP', async () => {
    const port = await tcpServer((socket, message) => socket.write(framed(answerTo(message, { rcode: 3 }))));
    await udpServer((message) => [answerTo(message, { truncated: true })], port);
    expect((await ask(port)).rcode).toBe(3);
  });

  test('silence is DnsTimeout, and names the server', async () => {
    const port = await udpServer(() => []);
    await expect(ask(port, 100)).rejects.toMatchObject({ code: 'DnsTimeout', retry: true });
    await expect(ask(port, 100)).rejects.toThrow('the server did not answer');
  });
});

describe('by TCP', () => {
  const asking = async (port: number, count: number, timeout = 2000) => {
    const channel = await openTcp(at(port), timeout);
    const asked = Array.from({ length: count }, (_, id) => channel.ask(question(id, query.name, query.type)));
    return Promise.all(asked).finally(() => channel.close());
  };

  test('answers out of order and in pieces reach their questions', async () => {
    const waiting: Buffer[] = [];
    let unread = Buffer.alloc(0);
    const port = await tcpServer((socket, rest) => {
      unread = Buffer.concat([unread, Buffer.alloc(2), rest]);
      for (
        const size = question(0, query.name, query.type).length + 2;
        unread.length >= size;
        unread = unread.subarray(size)
      )
        waiting.push(Buffer.from(unread.subarray(2, size)));
      if (waiting.length < 5) return;
      const stream = Buffer.concat(waiting.reverse().map((message) => framed(answerTo(message))));
      const third = Math.floor(stream.length / 3);
      socket.write(stream.subarray(0, third));
      setImmediate(() => socket.write(stream.subarray(third)));
    });
    const answers = await asking(port, 5);
    expect(answers.map((answer) => decodeMessage(answer).id)).toEqual([0, 1, 2, 3, 4]);
  });

  test('a server that closes instead of answering is DnsUnreachable for every question', async () => {
    const port = await tcpServer((socket) => socket.destroy());
    await expect(asking(port, 3)).rejects.toMatchObject({ code: 'DnsUnreachable', retry: true });
  });

  test('a question on a closed connection fails at once', async () => {
    const port = await tcpServer((socket) => socket.end());
    const channel = await openTcp(at(port), 2000);
    await channel.ask(question(1, query.name, query.type)).catch(() => {});
    channel.close();
    await expect(channel.ask(question(2, query.name, query.type))).rejects.toMatchObject({ code: 'DnsUnreachable' });
  });

  test('nobody there is DnsUnreachable, silence DnsTimeout', async () => {
    await expect(openTcp(at(1), 2000)).rejects.toMatchObject({ code: 'DnsUnreachable' });
    const port = await tcpServer(() => {});
    await expect(asking(port, 1, 100)).rejects.toMatchObject({ code: 'DnsTimeout' });
  });
});

describe('the name of a name server', () => {
  test.each([
    ['ns.example.test', 'ns.example.test', 53],
    ['ns.example.test:5353', 'ns.example.test', 5353],
    ['192.0.2.1', '192.0.2.1', 53],
    ['192.0.2.1:1', '192.0.2.1', 1],
    ['[2001:db8::1]', '2001:db8::1', 53],
    ['[2001:db8::1]:65535', '2001:db8::1', 65535],
    ['2001:db8::1', '2001:db8::1', 53],
  ])('%s is read as host %s and port %i', (text, host, port) => {
    expect(parseNameServer(text)).toEqual({ host, port });
  });

  test.each(['', ':53', 'ns:0', 'ns:65536', 'ns:abc', 'a b', '[ns.example.test]:53', '[2001:db8::1', 'ns:1:2'])(
    '%j is refused',
    (text) => {
      expect(() => parseNameServer(text)).toThrow(expect.objectContaining({ code: 'DnsUnreachable', retry: false }));
    },
  );

  test('message ids never repeat', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), (count) => {
        const next = messageIds();
        return new Set(Array.from({ length: count }, next)).size === count;
      }),
      { numRuns: 20 },
    );
  });
});
