import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deliveryDecider } from '../../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../../lib/domain/destination.ts';
import { type TestApi, testApi } from '../../support/api.ts';

const meta = { actor: 'test' };

const inCluster = (cluster: string, secretName: string): Destination => ({
  kind: 'kubernetes',
  cluster,
  namespace: 'shop',
  secretName,
});

describe('POST /v1/redeliver', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    await api.putTeam('shop');
    await api.putTeam('web');
    await delivered('shop', inCluster('east', 'a'));
    await delivered('shop', inCluster('west', 'b'));
    await delivered('web', inCluster('east', 'c'));
    await delivered('web', { kind: 'secretsManager', name: 'web/d' });
    await api.projected();
  });
  afterEach(() => api.close());

  /** A copy of revision 1 that its destination confirmed. */
  async function delivered(team: string, destination: Destination): Promise<void> {
    const stream = deliveryStream(destinationKey(destination));
    const what = { revision: 1, generation: 1, fingerprint: 'f1' };
    const request = { type: 'Request', destination, certificate: `${team}/app`, uid: stream, ...what } as const;
    const observed = { objectUid: 'o', resourceVersion: '1' };
    await api.services.ledger.handle(deliveryDecider, stream, request, meta);
    await api.services.ledger.handle(
      deliveryDecider,
      stream,
      { type: 'RecordConfirmed', run: 1, ...what, ...observed },
      meta,
    );
  }

  const redeliver = (json: unknown, query = '') => api.send('POST', `/v1/redeliver${query}`, { json });
  const statusOf = async (destination: Destination) => {
    const { state } = await api.services.ledger.load(deliveryDecider, deliveryStream(destinationKey(destination)));
    return `${state.status} ${state.run}`;
  };

  it('pushes what is asked for again: a cluster, a team, a team in a cluster, or all', async () => {
    expect((await redeliver({ cluster: 'east', team: 'web' })).json).toEqual({ redelivered: 1 });
    expect(await statusOf(inCluster('east', 'c'))).toBe('running 2');
    expect(await statusOf(inCluster('east', 'a'))).toBe('confirmed 1');
    expect((await redeliver({ cluster: 'west' })).json).toEqual({ redelivered: 1 });
    expect((await redeliver({ team: 'shop' })).json).toEqual({ redelivered: 1 });
    expect((await redeliver({ all: true })).json).toEqual({ redelivered: 1 });
    expect(await statusOf({ kind: 'secretsManager', name: 'web/d' })).toBe('running 2');
  });

  it('goes page by page, so that whoever asks sets the rate', async () => {
    const first = await redeliver({ all: true }, '?limit=3');
    expect(first.json).toEqual({ redelivered: 3, cursor: expect.any(String) });
    const second = await redeliver({ all: true }, `?limit=3&cursor=${first.json.cursor}`);
    expect(second.json).toEqual({ redelivered: 1 });
  });

  it('leaves alone what is on its way already', async () => {
    await redeliver({ all: true });
    expect((await redeliver({ all: true })).json).toEqual({ redelivered: 0 });
  });

  it.each([[{}], [{ all: true, team: 'shop' }], [{ all: false }], [{ clusters: ['east'] }]])(
    'is refused without saying which copies, or twice: %j',
    async (body) => {
      expect((await redeliver(body)).status).toBe(422);
    },
  );

  it('is for administrators, and of teams that there are', async () => {
    const token = await api.token('shop', 'read', 'write');
    expect((await api.send('POST', '/v1/redeliver', { token, json: { team: 'shop' } })).status).toBe(403);
    expect((await redeliver({ team: 'nobody' })).json).toMatchObject({ code: 'TeamNotFound' });
  });

  it('is refused while the views are made anew: they do not name every copy', async () => {
    await api.services.views.put({ view: 'rebuild', key: 'under way', version: 1, owner: '-', doc: { streams: 0 } });
    expect((await redeliver({ all: true })).json).toMatchObject({ status: 409, code: 'RebuildUnderWay' });
  });
});
