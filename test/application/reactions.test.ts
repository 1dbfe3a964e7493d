import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { executionName } from '../../lib/application/reactions/runs.ts';
import { pursue, react } from '../../lib/application/reactions.ts';
import { scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream, expiryNearAt, type LiveCertificate, renewAt } from '../../lib/domain/certificate.ts';
import { clusterDecider, clusterStream } from '../../lib/domain/cluster.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import type { Instant } from '../../lib/domain/time.ts';
import type { Workflows } from '../../lib/ports/workflows.ts';
import { plus, START } from '../support/decider.ts';
import { certificateHistory } from '../support/history.ts';
import { entry } from '../support/ledger.ts';
import { type TestServices, testServices } from '../support/services.ts';
import { specOf } from '../support/specs.ts';

const meta = { actor: 'test' };
const prod: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
const PROD = deliveryStream(destinationKey(prod));
const APP = certificateStream('shop', 'app');

/** A double of the state machines: it remembers what was started, and every execution runs for ever. */
function recordedWorkflows(): Workflows & { readonly started: string[] } {
  const started: string[] = [];
  return {
    started,
    async start(machine, name) {
      if (started.includes(`${machine} ${name}`)) return 'running';
      started.push(`${machine} ${name}`);
      return 'started';
    },
  };
}

interface World {
  readonly services: Services;
  readonly started: readonly string[];
  readonly logged: TestServices['logged'];
  at(now: Instant): void;
}

const open: TestServices[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** Services at a time that the test sets, with executions that never end. */
function world(more: Partial<Services> = {}): World {
  let now = START;
  const made = testServices({ clock: { now: () => now } });
  open.push(made);
  const workflows = recordedWorkflows();
  const services = { ...made.services, workflows, ...more };
  return {
    services,
    started: workflows.started,
    logged: made.logged,
    at(next) {
      now = next;
    },
  };
}

const request = ({ ledger }: Services, name: string, spec: CertificateSpec, uid = `uid-${name}`) =>
  ledger.handle(
    certificateDecider,
    certificateStream('shop', name),
    { type: 'Request', uid, spec, policyVersion: 1 },
    meta,
  );

async function issue({ ledger }: Services, name: string, revision: number, uid = `uid-${name}`): Promise<void> {
  const facts = { revision, generation: 1, serial: '01', fingerprint: `f${revision}`, chainRef: 'c', keyRef: 'k' };
  const issued = { ...facts, notBefore: START, notAfter: plus(90 * 86_400) };
  await ledger.handle(certificateDecider, certificateStream('shop', name), { type: 'RecordIssued', uid, issued }, meta);
}

const delivery = async ({ ledger }: Services, stream = PROD) => (await ledger.load(deliveryDecider, stream)).state;
const certificate = async ({ ledger }: Services, name = 'app') =>
  (await ledger.load(certificateDecider, certificateStream('shop', name))).state as LiveCertificate;

/** Pursues every stream, again and again, until nothing more happens. */
async function settle(services: Services, copies = 1): Promise<void> {
  for (;;) {
    const before = await versions(services);
    const streams = Object.keys(before);
    for (const stream of copies === 1 ? streams : streams.reverse())
      await Promise.all(Array.from({ length: copies }, () => pursue(services, stream)));
    const after = await versions(services);
    if (JSON.stringify(after) === JSON.stringify(before)) return;
  }
}

async function versions({ store }: Services): Promise<Record<string, number>> {
  const streams = await store.streams('', 1000);
  return Object.fromEntries(
    await Promise.all(streams.map(async (stream) => [stream, (await store.head(stream))!.version] as const)),
  );
}

async function states({ store }: Services): Promise<unknown[]> {
  const streams = await store.streams('', 1000);
  return Promise.all(streams.map(async (stream) => [stream, (await store.head(stream))!.snapshot.state]));
}

describe('pursuing what a stream owes', () => {
  it('comes to the same end however often it is done, by however many at once, whatever happened in between', async () => {
    await fc.assert(
      fc.asyncProperty(certificateHistory, async (history) => {
        // Two certificates that want one destination get it in the order in which they ask: that is another test.
        const acts = history.filter((act) => act.label.startsWith(APP));
        const ends: unknown[] = [];
        for (const copies of [1, 3]) {
          const { services, started, at } = world();
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
          await open.pop()?.close();
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

describe('the scan', () => {
  it('comes back to a stream that stays due after minutes, not at once', async () => {
    const { services, at } = world();
    await request(services, 'app', specOf({ dnsNames: ['a.test'] }));
    await pursue(services, APP);
    const { state } = await services.ledger.load(issuanceDecider, issuanceStream('uid-app', 1));
    const over = plus(1, state.dueAt);
    at(over);
    expect(await scan(services)).toEqual({ due: 2, failed: 0, finished: true });
    expect(await scan(services)).toEqual({ due: 0, failed: 0, finished: true });
    at(plus(300, over));
    expect((await scan(services)).due).toBe(2);
  });

  it('comes back to a certificate that is being issued when its issuance is due, and to tell its end in between', async () => {
    const { services, at } = world();
    await request(services, 'app', specOf({ dnsNames: ['a.test'] }));
    await issue(services, 'app', 1);
    const near = expiryNearAt(await certificate(services))!;
    const begin = plus(-3600, near);
    at(begin);
    const renew = { type: 'Renew', afterRevision: 1, reason: 'Manual' } as const;
    await services.ledger.handle(certificateDecider, APP, renew, meta);
    await pursue(services, APP);
    const issuance = issuanceStream('uid-app', 2);
    const { state } = await services.ledger.load(issuanceDecider, issuance);
    const later = plus(86_400, near);
    const defer = { type: 'Defer', run: state.run, dueAt: later, reason: 'RateLimited' } as const;
    await services.ledger.handle(issuanceDecider, issuance, defer, meta);
    at(plus(60, begin));
    expect((await scan(services)).due).toBe(1);
    at(plus(-1, near));
    expect((await scan(services)).due).toBe(0);
    at(near);
    expect((await scan(services)).due).toBe(1);
    expect((await certificate(services)).nearedRevision).toBe(1);
    at(plus(-1, later));
    expect((await scan(services)).due).toBe(1);
    at(later);
    expect((await scan(services)).due).toBe(2);
  });

  it('goes past a stream that it cannot read, says so, and comes back to it after minutes', async () => {
    const { services, at, logged } = world();
    const { commit, head } = entry('certificate/shop/future', 1, { dueAt: START });
    await services.store.append(
      { ...commit, events: [{ type: 'CertificateTeleported' }] },
      { ...head, snapshot: { evolve: 999, state: {} } },
    );
    await request(services, 'app', specOf({ dnsNames: ['a.test'] }));
    at(plus(60));
    expect(await scan(services)).toEqual({ due: 2, failed: 1, finished: true });
    expect((await services.store.head(issuanceStream('uid-app', 1)))?.version).toBe(1);
    expect(logged).toHaveLength(1);
    expect(await scan(services)).toEqual({ due: 0, failed: 0, finished: true });
  });

  it('takes up every unfinished run at a start, however far off a wrong clock put its time', async () => {
    const { services, at, started } = world();
    at(plus(365 * 86_400));
    await request(services, 'app', specOf({ dnsNames: ['a.test'] }));
    await pursue(services, APP);
    at(START);
    await scan(services);
    expect(started).toEqual([]);
    expect(await scan(services, { resume: true })).toEqual({ due: 1, failed: 0, finished: true });
    expect(started).toHaveLength(1);
  });

  it('finds a renewal that a clock in the future asked for, and asks for no other', async () => {
    const { services, at } = world();
    await request(services, 'app', specOf({ dnsNames: ['a.test'] }));
    await issue(services, 'app', 1);
    at(plus(61 * 86_400));
    await scan(services);
    at(plus(60));
    await scan(services);
    await pursue(services, APP);
    expect((await certificate(services)).issuing?.revision).toBe(2);
    expect((await services.ledger.load(issuanceDecider, issuanceStream('uid-app', 2))).version).toBe(1);
  });

  it('asks an issuer that stays well once a day, one that stays broken ever more seldom', async () => {
    const { services, at } = world();
    const stream = issuerStream('shop', 'own');
    await services.ledger.handle(issuerDecider, stream, { type: 'Configure', spec: { selfSigned: {} } }, meta);
    await scan(services);
    at(plus(86_400));
    expect((await scan(services)).due).toBe(1);
    at(plus(2 * 86_400 - 1));
    expect((await scan(services)).due).toBe(0);
    at(plus(2 * 86_400));
    expect((await scan(services)).due).toBe(1);

    at(START);
    const broken = issuerStream('shop', 'broken');
    await services.ledger.handle(issuerDecider, broken, { type: 'Configure', spec: { ca: { secretName: 'x' } } }, meta);
    const checks: number[] = [];
    for (let minute = 0; minute <= 300; minute++) {
      at(plus(minute * 60));
      if ((await scan(services)).due > 0) checks.push(minute);
    }
    expect(checks).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 124, 184, 244]);
  });

  it('asks a cluster that stays away ever more seldom, and hourly when it answers', async () => {
    let away = true;
    const probe = async () => {
      if (away) throw new Error('unreachable');
      return { version: 'v1' };
    };
    const base = world();
    const ids = { ...base.services.ids, random: () => 0.5 };
    const services: Services = { ...base.services, ids, clusters: { ...base.services.clusters, probe } };
    await services.vault.seal('r', '-', Buffer.from('{}'));
    const fields = { endpoint: 'https://k', caFingerprint: 'f', credentialRef: 'r' };
    await services.ledger.handle(clusterDecider, clusterStream('prod'), { type: 'Register', ...fields }, meta);
    const checks: number[] = [];
    for (let minute = 0; minute <= 180; minute++) {
      base.at(plus(minute * 60));
      if (minute === 60) away = false;
      if ((await scan(services)).due > 0) checks.push(minute);
    }
    expect(checks).toEqual([0, 1, 2, 4, 8, 16, 31, 46, 61, 121]);
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
