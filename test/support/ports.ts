import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below the range from which the kernel takes ports for outgoing connections, so that no client of ours can sit on one. */
const FIRST = 20_000;
const LAST = 32_000;

function freeForTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

function freeForUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

/** Given out before, perhaps to a server that does not listen yet. */
const given = new Set<number>();

/**
 * A port that is free on 127.0.0.1 for both TCP and UDP, for servers that cannot be told to choose one themselves. No port is given twice by one
 * process.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port)) continue;
    given.add(port);
    if ((await freeForTcp(port)) && (await freeForUdp(port))) return port;
  }
}
