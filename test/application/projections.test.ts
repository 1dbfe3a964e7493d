import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { fold } from '../../lib/application/ledger.ts';
import * as views from '../../lib/application/projections.ts';
import { project, projectOrPark } from '../../lib/application/projections.ts';
import { isRebuilding, rebuild, rebuildWasCut } from '../../lib/application/rebuild.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { renewAt } from '../../lib/domain/certificate.ts';
import { clusterDecider } from '../../lib/domain/cluster.ts';
import { credentialDecider } from '../../lib/domain/credential.ts';
import type { Decider } from '../../lib/domain/decider.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuerDecider } from '../../lib/domain/issuer.ts';
import { teamDecider } from '../../lib/domain/team.ts';
import { tokenDecider } from '../../lib/domain/token.ts';
import type { Watched } from '../../lib/ports/views.ts';
import { START } from '../support/decider.ts';
import { acts, anyHistory } from '../support/history.ts';
import { entry } from '../support/ledger.ts';
import { type TestServices, testServices } from '../support/services.ts';

const open: TestServices[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
function made(): TestServices {
  const one = testServices();
  open.push(one);
  return one;
}

const NAMES = Object.values(views).filter((value) => typeof value === 'string');

/** Rows of the same instant are in no order. */
const sorted = (rows: readonly Watched[]): Watched[] => rows.toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** Every row of every view, and what they are watched by. */
async function dump({ views }: Pick<Services, 'views'>): Promise<unknown[]> {
  const query = { limit: 10_000 };
  const all = await Promise.all(
    NAMES.map(async (view) => [
      await views.list(view, query),
      sorted(await views.earliest(view, 'expires', query)),
      sorted(await views.earliest(view, 'owed', query)),
    ]),
  );
  return all.flat(2);
}

// biome-ignore lint/suspicious/noExplicitAny: any decider
const DECIDERS: readonly Decider<any, unknown, any>[] = [
  certificateDecider,
  issuanceDecider,
  deliveryDecider,
  issuerDecider,
  credentialDecider,
  clusterDecider,
  teamDecider,
  tokenDecider,
] as never;

it('knows eight views', () => {
  expect(NAMES.sort()).toEqual(
    ['certificates', 'issuances', 'deliveries', 'issuers', 'credentials', 'clusters', 'teams', 'tokens'].sort(),
  );
});

it('gives, made anew from the ledger, what followed it live; and every stream replayed is its snapshot', async () => {
  const rows: number[] = [];
  await fc.assert(
    fc.asyncProperty(anyHistory, async (history) => {
      const { services, projected, close } = testServices();
      try {
        for (const act of history) await act.run(services);
        await projected();
        const live = await dump(services);
        rows.push(live.length);
        await rebuild(services);
        expect(await dump(services)).toEqual(live);
        for (const stream of await services.store.streams('', 1000)) {
          const decider = DECIDERS.find((one) => stream.startsWith(`${one.category}/`))!;
          const replayed = fold(decider, decider.initialState, await services.store.commits(stream));
          const head = await services.store.head(stream);
          expect(replayed, stream).toEqual(head?.snapshot.state);
          expect(head?.dueAt, stream).toBe(decider.dueAt(replayed));
        }
      } finally {
        await close();
      }
    }),
    { numRuns: 25 },
  );
  expect(Math.max(...rows)).toBeGreaterThan(4);
});

it('keeps what is watched: when a certificate ends and is renewed, and since when an issuance fails or a delivery is owed', async () => {
  const { services, projected } = made();
  const done = ['Request', 'RecordIssued', 'Start', 'RecordProblem', 'RecordFailure'];
  for (const { label, run } of acts) if (done.some((type) => label.includes(`"type":"${type}"`))) await run(services);
  await projected();
  const { state } = await services.ledger.load(certificateDecider, 'certificate/shop/app');
  if (state.status !== 'live') throw new Error('the history made no certificate');
  const watched = (view: string, by: 'expires' | 'owed') => services.views.earliest(view, by, { limit: 10 });
  const certificate = { owner: 'shop', issuer: 'shop/pebble', failing: false };
  expect(await watched(views.CERTIFICATES, 'expires')).toContainEqual({
    ...certificate,
    key: 'shop/app',
    at: state.issued!.notAfter,
  });
  expect(await watched(views.CERTIFICATES, 'owed')).toContainEqual({
    ...certificate,
    key: 'shop/app',
    at: renewAt(state),
  });
  const issuances = await watched(views.ISSUANCES, 'owed');
  expect(issuances.map(({ issuer, failing }) => ({ issuer, failing }))).toEqual([
    { issuer: 'shop/own', failing: true },
    { issuer: 'shop/own', failing: true },
  ]);
  const deliveries = await watched(views.DELIVERIES, 'owed');
  expect(deliveries.map(({ owner, failing }) => ({ owner, failing }))).toEqual([
    { owner: 'shop', failing: false },
    { owner: 'shop', failing: false },
  ]);
});

it('is the same after records that come again, out of order, or not until the next one repairs it', async () => {
  await fc.assert(
    fc.asyncProperty(anyHistory, fc.infiniteStream(fc.nat(999)), async (history, chance) => {
      const { services, projected, close } = testServices();
      try {
        for (const act of history) await act.run(services);
        // The feed of the test's services has nothing left to say: what follows is told by hand.
        await projected();
        const streams = await services.store.streams('', 1000);
        const commits = (await Promise.all(streams.map((stream) => services.store.commits(stream)))).flat();
        await services.views.clear();
        const draw = (): number => chance.next().value as number;
        const told = commits
          .flatMap((commit) => (draw() < 250 ? [] : draw() < 300 ? [commit, commit] : [commit]))
          .sort(() => draw() - 500);
        for (const { stream, version } of told) await project(services, stream, version);
        // The last record of each stream comes in the end: the feed forgets none.
        for (const { stream, version } of commits) await project(services, stream, version);
        const live = await dump(services);
        await rebuild(services);
        expect(await dump(services)).toEqual(live);
      } finally {
        await close();
      }
    }),
    { numRuns: 25 },
  );
});

it('is noticed when it was cut off, wherever that was, and made whole by the next', async () => {
  const { services, projected } = made();
  for (const name of ['a', 'b', 'c'])
    await services.ledger.handle(teamDecider, `team/${name}`, { type: 'Put', policy: noTeams }, { actor: 'test' });
  await projected();
  expect(await rebuildWasCut(services)).toBe(false);
  for (const verb of ['clear', 'put', 'remove'] as const) {
    let left = verb === 'put' ? 2 : 0;
    const cut: Services['views'] = Object.assign(Object.create(services.views), services.views, {
      async [verb](...args: never[]) {
        if (verb === 'clear') await services.views.clear();
        if (left-- === 0) throw new Error('cut');
        return (services.views[verb] as (...all: never[]) => Promise<unknown>)(...args);
      },
    });
    await expect(rebuild({ ...services, views: cut })).rejects.toThrow('cut');
    expect(await rebuildWasCut(services), verb).toBe(true);
    await rebuild(services);
    expect(await rebuildWasCut(services)).toBe(false);
    expect(await services.views.count(views.TEAMS, {})).toBe(3);
  }
});

it('goes on where its time was up, page by page, and ends with the same rows', async () => {
  const { services, projected } = made();
  const names = Array.from({ length: 1203 }, (_, index) => `t${index}`);
  for (const name of names)
    await services.ledger.handle(teamDecider, `team/${name}`, { type: 'Put', policy: noTeams }, { actor: 'test' });
  await projected();
  const live = await dump(services);
  const turn = (resume: boolean) => rebuild(services, { resume, more: () => false });
  expect(await turn(false)).toEqual({ streams: 500, done: false });
  expect(await isRebuilding(services)).toBe(true);
  expect(await turn(true)).toEqual({ streams: 1000, done: false });
  expect(await turn(true)).toEqual({ streams: 1203, done: true });
  expect(await isRebuilding(services)).toBe(false);
  expect(await dump(services)).toEqual(live);
  expect(await turn(true)).toEqual({ streams: 500, done: false });
});

it('leaves a stream of a newer release alone, with an alarm, and goes on with the others', async () => {
  const { services, logged } = made();
  await services.ledger.handle(teamDecider, 'team/a', { type: 'Put', policy: noTeams }, { actor: 'test' });
  const { commit, head } = entry('team/future', 1, { dueAt: START });
  await services.store.append(
    { ...commit, events: [{ type: 'TeamTeleported' }] },
    { ...head, snapshot: { evolve: 999, state: {} } },
  );
  await projectOrPark(services, 'team/future', 1);
  expect(logged).toEqual([
    {
      level: 'error',
      message: expect.stringContaining('parked'),
      fields: { stream: 'team/future', error: expect.stringContaining('TeamTeleported') },
    },
  ]);
  await services.ledger.handle(teamDecider, 'team/z', { type: 'Put', policy: noTeams }, { actor: 'test' });
  expect(await rebuild(services)).toEqual({ streams: 3, done: true });
  expect((await services.views.list(views.TEAMS, { limit: 10 })).map((row) => row.key)).toEqual(['a', 'z']);
});

const noTeams = { names: [], issuers: [], destinations: [], keys: [] } as const;
