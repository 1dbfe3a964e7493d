import { createServer, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultyCa } from '../../test/support/faultyCa.ts';
import { startChalltestsrv } from '../../test/support/peers/challtestsrv.ts';
import { startPebble } from '../../test/support/peers/pebble.ts';
import { freePort } from '../../test/support/ports.ts';
import { type Load, namesFor } from './loads.ts';
import type { Job } from './runner.ts';

/**
 * One Pebble for all clients; a second one, whose look at a challenge goes through a slow front; and a front that
 * counts requests.
 */
export interface Stage {
  job(load: Load): Job;
  /**
   * The same, by a front; `counted` answers the requests for each certificate since the job was made, the first
   * certificate left out.
   */
  countedJob(load: Load): { job: Job; counted(): number };
  close(): Promise<void>;
}

/** Lets the CA's request through to the responder after a while. */
async function slowFront(port: number, target: number, delay: number): Promise<{ close(): void }> {
  const server = createServer(async (incoming, outgoing) => {
    await sleep(delay);
    const onward = request(
      { host: '127.0.0.1', port: target, path: incoming.url, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode!);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    onward.end();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

/** Starts everything. `validation` is the slow front's delay in milliseconds. */
export async function startStage(validation: number): Promise<Stage> {
  const dns = await startChalltestsrv();
  const quick = await startPebble({ dnsServer: dns.address });
  const slow = await startPebble({ dnsServer: dns.address });
  const slowPort = await freePort();
  const slowness = await slowFront(slow.httpPort, slowPort, validation);
  const front = await startFaultyCa(quick);

  function job(load: Load): Job {
    const pebble = load.validation > 0 ? slow : quick;
    const port = load.validation > 0 ? slowPort : quick.httpPort;
    const { challenge: type, concurrency } = load;
    return {
      directoryUrl: pebble.directoryUrl,
      caPem: pebble.caPem,
      challenge: type === 'http-01' ? { type, port } : { type, managementUrl: dns.managementUrl },
      certificates: namesFor(load),
      concurrency,
    };
  }

  return {
    job,
    countedJob(load) {
      front.seen.length = 0;
      return {
        job: { ...job(load), directoryUrl: front.directoryUrl, caPem: front.caPem },
        counted() {
          const orders = front.seen.flatMap(({ path }, index) => (path.startsWith('/order-plz') ? [index] : []));
          return (front.seen.length - (orders[1] ?? 0)) / load.certificates;
        },
      };
    },
    async close() {
      slowness.close();
      await front.close();
      await Promise.all([quick.stop(), slow.stop(), dns.stop()]);
    },
  };
}
