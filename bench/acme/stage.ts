import { createServer, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultyCa } from '../../test/support/faultyCa.ts';
import { startChalltestsrv } from '../../test/support/peers/challtestsrv.ts';
import { type Pebble, startPebble } from '../../test/support/peers/pebble.ts';
import { freePort } from '../../test/support/ports.ts';
import { type Load, namesFor } from './loads.ts';
import type { Job } from './runner.ts';

/** Lets the CA's request through to the responder after a while. */
async function slowFront(port: number, target: number, delay: number): Promise<{ close(): void }> {
  const server = createServer(async (incoming, outgoing) => {
    await sleep(delay);
    const { url: path, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port: target, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    onward.end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

/**
 * Gives `work` a load at a Pebble of its own. Every run finds the same CA, empty: Pebble looks through all its
 * authorizations at each order, so a used one is slower; and it orders its locks differently in newOrder and in a fetch
 * of an authorization, so that a busy one with a long memory may stop answering for good.
 */
export async function withCa<T>(load: Load, work: (job: Job, pebble: Pebble) => Promise<T>): Promise<T> {
  const dns = await startChalltestsrv();
  const pebble = await startPebble({ dnsServer: dns.address });
  const slow = load.validation > 0;
  const port = slow ? await freePort() : pebble.httpPort;
  const front = slow ? await slowFront(pebble.httpPort, port, load.validation) : undefined;
  const { challenge: type, concurrency } = load;
  const { directoryUrl, caPem } = pebble;
  const challenge = type === 'http-01' ? { type, port } : { type, managementUrl: dns.managementUrl };
  try {
    return await work({ directoryUrl, caPem, challenge, certificates: namesFor(load), concurrency }, pebble);
  } finally {
    front?.close();
    await Promise.all([pebble.stop(), dns.stop()]);
  }
}

/**
 * Requests for each certificate of a load; those of the certificate issued before, for warmth, are left out, and so is the question when to renew
 * (RFC 9773), which is asked once the certificate is stored, and by ours alone.
 */
export function countRequests(load: Load, work: (job: Job) => Promise<unknown>): Promise<number> {
  return withCa(load, async (job, pebble) => {
    const front = await startFaultyCa(pebble);
    try {
      await work({ ...job, directoryUrl: front.directoryUrl, caPem: front.caPem });
      const seen = front.seen.filter(({ path }) => !/renewalInfo/i.test(path));
      const orders = seen.flatMap(({ path }, index) => (path.startsWith('/order-plz') ? [index] : []));
      return (seen.length - (orders[1] ?? 0)) / load.certificates;
    } finally {
      await front.close();
    }
  });
}
