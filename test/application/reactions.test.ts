import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executionName } from '../../lib/application/reactions/runs.ts';
import { pursue, react } from '../../lib/application/reactions.ts';
import { scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream, renewAt } from '../../lib/domain/certificate.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { destinationKey } from '../../lib/domain/destination.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import type { Workflows } from '../../lib/ports/workflows.ts';
import { plus } from '../support/decider.ts';
import { certificateHistory } from '../support/history.ts';
import {
  APP,
  certificate,
  delivery,
  issue,
  meta,
  PROD,
  prod,
  request,
  settle,
  states,
  versions,
  world,
} from '../support/reactionWorld.ts';
import { specOf } from '../support/specs.ts';

describe('pursuing what a stream owes', () => {
  it('comes to the same end however often it is done, by however many at once, whatever happened in between', async () => {
    await fc.assert(
      fc.asyncProperty(certificateHistory, async (history) => {
        // Two certificates that want one destination get it in the order in which they ask: that is another test.
        const acts = history.filter((act) => act.label.startsWith(APP));
        const ends: unknown[] = [];
        for (const copies of [1, 3]) {
          const { services, started, at, close } = world();
          for (const act of acts) {
            await act.run(services);
            await settle(services, copies);
          }
          at(plus(70 * 86_400));
          await settle(services, copies);
          if (copies > 1) {
            for (const stream of Object.keys(await versions(services))) {
              for (const commit of await services.store.commits(stream)) await react(services, commit);
            }
            await scan(services);
            await scan(services, { resume: true });
          }
          ends.push([await states(services), [...started].sort()]);
          await close();
        }
        expect(ends[1]).toEqual(ends[0]);
      }),
      { numRuns: 15 },
    );
  });

  it('asks for a renewal once when its time has come', async () => {
    const { services, at } = world();
    await request(services, 'app', specOf({ dnsNames: ['a.test'] }));
    await issue(services, 'app', 1);
    const due = renewAt(await certificate(services))!;
    at(plus(-1, due));
    await scan(services);
    expect((await certificate(services)).issuing).toBeUndefined();
    at(due);
    await Promise.all([scan(services), scan(services), pursue(services, APP)]);
    expect((await certificate(services)).issuing).toMatchObject({ revision: 2, reason: 'Expiring' });
  });

  it('starts a dead run again after its time, under the next number', async () => {
    const { services, at } = world();
    await request(services, 'app', specOf({ dnsNames: ['a.test'] }));
    await pursue(services, APP);
    const stream = issuanceStream('uid-app', 1);
    let ended = false;
    const started: string[] = [];
    const workflows: Workflows = {
      async start(_machine, name) {
        started.push(name);
        return ended ? 'ended' : 'started';
      },
    };
    const dying = { ...services, workflows };
    await pursue(dying, stream);
    ended = true;
    await pursue(dying, stream);
    expect((await services.ledger.load(issuanceDecider, stream)).state.run).toBe(1);
    at(plus(600));
    await scan(dying);
    expect((await services.ledger.load(issuanceDecider, stream)).state.run).toBe(2);
    ended = false;
    await pursue(dying, stream);
    expect(new Set(started).size).toBe(2);
  });

  it('has the feed bring a run again that the engine has no room for, and the scan after that: it is started once, under its number', async () => {
    const { services, started, at, logged } = world();
    const full: Workflows = {
      async start() {
        throw Object.assign(new Error('too many executions'), { name: 'ExecutionLimitExceeded' });
      },
    };
    const crowded = { ...services, workflows: full };
    await request(services, 'app', specOf({ dnsNames: ['a.test'] }));
    await pursue(services, APP);
    const stream = issuanceStream('uid-app', 1);
    await expect(pursue(crowded, stream)).rejects.toMatchObject({ name: 'ExecutionLimitExceeded' });
    const begun = (await services.store.commits(stream)).at(-1)!;
    await expect(react(crowded, begun)).rejects.toMatchObject({ name: 'ExecutionLimitExceeded' });
    at(plus(600));
    expect(await scan(crowded)).toMatchObject({ failed: 1 });
    expect(logged.map(({ message }) => message)).toEqual(['scan: a stream could not be pursued']);
    expect((await services.ledger.load(issuanceDecider, stream)).state).toMatchObject({ status: 'running', run: 1 });
    at(plus(900));
    await scan(services);
    await scan(services);
    expect(started).toEqual([`issueCertificate ${executionName(stream, 1)}`]);
    expect((await services.ledger.load(issuanceDecider, stream)).state.run).toBe(1);
  });
});

describe('destinations', () => {
  const spec = specOf({ dnsNames: ['a.test'], destinations: [prod] });
  const bare = specOf({ dnsNames: ['a.test'] });

  it('go to the first that asks; the other waits, and has its turn when the first gives up', async () => {
    const { services, at } = world();
    for (const name of ['app', 'web']) {
      await request(services, name, spec);
      await issue(services, name, 1);
      await pursue(services, certificateStream('shop', name));
    }
    expect((await delivery(services)).desired?.certificate).toBe('shop/app');
    expect((await certificate(services, 'web')).dispatched?.taken).toEqual([
      { destination: destinationKey(prod), by: 'shop/app' },
    ]);
    await request(services, 'app', bare);
    await pursue(services, APP);
    at(plus(600));
    await scan(services);
    expect((await delivery(services)).desired?.certificate).toBe('shop/web');
    expect((await certificate(services, 'web')).dispatched?.taken).toEqual([]);
  });

  it('are let go of when the spec changed before anybody recorded that they were claimed', async () => {
    const { services } = world();
    await request(services, 'app', spec);
    await issue(services, 'app', 1);
    // The process dies between the claim and its record.
    const cut: Services = { ...services, ledger: cutAt(services.ledger, 'RecordDeliveries') };
    await expect(pursue(cut, APP)).rejects.toThrow('cut');
    expect((await delivery(services)).status).toBe('running');
    await request(services, 'app', bare);
    await pursue(services, APP);
    expect((await delivery(services)).status).toBe('released');
  });

  it('that are claimed by a dispatch that a deletion overtook are free again', async () => {
    const { services } = world();
    await request(services, 'app', spec);
    await issue(services, 'app', 1);
    let first = true;
    const overtaken = preceded(services.ledger, 'Request', async () => {
      if (!first) return;
      first = false;
      await services.ledger.handle(certificateDecider, APP, { type: 'Delete', withdraw: true }, meta);
      await pursue(services, APP);
    });
    await pursue({ ...services, ledger: overtaken }, APP);
    expect((await delivery(services)).status).toBe('released');
  });

  it('that are claimed by a dispatch that a new spec overtook are free again', async () => {
    const { services } = world();
    await request(services, 'app', spec);
    await issue(services, 'app', 1);
    let first = true;
    const overtaken = preceded(services.ledger, 'Request', async () => {
      if (!first) return;
      first = false;
      await request(services, 'app', bare);
      await pursue(services, APP);
    });
    await pursue({ ...services, ledger: overtaken }, APP);
    expect((await delivery(services)).status).toBe('released');
  });

  it('go to the next life of the same name as soon as the copy of the last was taken away', async () => {
    const { services } = world();
    await request(services, 'app', spec);
    await issue(services, 'app', 1);
    await pursue(services, APP);
    await services.ledger.handle(certificateDecider, APP, { type: 'Delete', withdraw: true }, meta);
    await request(services, 'app', spec, 'uid-2');
    await issue(services, 'app', 2, 'uid-2');
    await pursue(services, APP);
    expect((await certificate(services)).dispatched?.taken).toHaveLength(1);
    const { run } = await delivery(services);
    await services.ledger.handle(deliveryDecider, PROD, { type: 'RecordWithdrawn', run }, meta);
    await react(services, (await services.store.commits(PROD)).at(-1)!);
    expect((await delivery(services)).desired?.uid).toBe('uid-2');
    expect((await certificate(services)).dispatched?.taken).toEqual([]);
  });
});

/** The ledger, with `work` done before each command of a type. */
function preceded(ledger: Services['ledger'], type: string, work: () => Promise<void>): Services['ledger'] {
  const handle: typeof ledger.handle = async (decider, stream, command, ...rest) => {
    if ((command as { type: string }).type === type) await work();
    return ledger.handle(decider, stream, command, ...rest);
  };
  return { load: ledger.load.bind(ledger), loadAt: ledger.loadAt.bind(ledger), handle } as Services['ledger'];
}

const cutAt = (ledger: Services['ledger'], type: string): Services['ledger'] =>
  preceded(ledger, type, async () => {
    throw new Error('cut');
  });
