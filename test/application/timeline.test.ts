import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pursueCertificate } from '../../lib/application/reactions/certificate.ts';
import { followTimeline, readTimeline, type TimelineCursor } from '../../lib/application/timeline.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { type DeliveryCommand, deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type TestApi, testApi } from '../support/api.ts';
import { issueNow, record, startIssuance } from '../support/issue.ts';
import { refusalOf } from '../support/refusal.ts';

const KEY = `directory/${encodeURIComponent('/srv/tls/app')}`;
const meta = { actor: 'test' };

describe('the timeline', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ directoryRoots: ['/srv/tls'] });
    await api.putTeam('web', { destinations: ['directory:/**'] });
    await api.putTeam('mail', { destinations: ['directory:/**'] });
    for (const team of ['web', 'mail']) await api.putIssuer(team, 'own', { selfSigned: {} });
  });
  afterEach(() => api.close());

  const put = (team: string, name: string, more: object = {}) => {
    const spec = { dnsNames: ['app.example.test'], issuerRef: { name: 'own' }, ...more };
    return api.send('PUT', `/v1/teams/${team}/certificates/${name}`, { json: { spec } });
  };
  const deliver = (command: DeliveryCommand) =>
    api.services.ledger.handle(deliveryDecider, deliveryStream(KEY), command, meta);
  const read = (after: TimelineCursor = {}, limit = 100) => readTimeline(api.services, 'web', 'app', after, limit);
  const types = async (after?: TimelineCursor) => (await read(after)).events.map(({ type }) => type);
  const destinations = [{ directory: '/srv/tls/app' }];

  const confirm = (run: number) => {
    const seen = { revision: 1, generation: 1, objectUid: 'u', resourceVersion: '1', fingerprint: 'f' };
    return deliver({ type: 'RecordConfirmed', run, ...seen });
  };

  test('tells a request through to its delivery, and who asked', async () => {
    await put('web', 'app', { destinations });
    await issueNow(api.services, 'web', 'app');
    await confirm(1);
    const { events } = await read();
    expect(events.map(({ type }) => type)).toEqual(['requested', 'signing', 'issued', 'delivering', 'delivered']);
    expect(events[0]).toMatchObject({ revision: 1, actor: expect.stringMatching(/^token:/) });
    expect(events.slice(1).every(({ actor }) => actor === undefined)).toBe(true);
    expect(events[4]).toMatchObject({ destination: 'directory:/srv/tls/app' });
  });

  test('is read on from its cursor, page by page, with every event once', async () => {
    await put('web', 'app', { destinations });
    await issueNow(api.services, 'web', 'app');
    const all = await types();
    const paged: string[] = [];
    let cursor: TimelineCursor = {};
    for (;;) {
      const page = await read(cursor, 1);
      if (JSON.stringify(page.cursor) === JSON.stringify(cursor)) break;
      paged.push(...page.events.map(({ type }) => type));
      cursor = page.cursor;
    }
    expect(paged).toEqual(all);
    await confirm(1);
    expect(await types(cursor)).toEqual(['delivered']);
  });

  test('tells failures with cause, what to do and the next try, and keeps what is the CA’s alone', async () => {
    await put('web', 'app');
    const issuance = await startIssuance(api.services, 'web', 'app');
    const token = randomBytes(32).toString('base64url');
    const url = 'https://ca.example/acme/order/12/345';
    const order = { url, finalizeUrl: `${url}/finalize`, authorizations: [`https://ca.example/acme/authz/${token}`] };
    await record(api.services, issuance, { type: 'RecordOrder', run: 1, order });
    const presentation = {
      authorization: order.authorizations[0]!,
      challenge: 'http-01',
      challengeUrl: `https://ca.example/acme/chall/${token}`,
      target: token,
      value: `${token}.${randomBytes(32).toString('base64url')}`,
      solver: 0,
      issuerGeneration: 1,
    } as const;
    await record(api.services, issuance, { type: 'IntendPresentation', run: 1, presentations: [presentation] });
    const detail = `Invalid response from http://app.example.test/.well-known/acme-challenge/${token}: "${presentation.value}" of ${url}`;
    const problem = { type: 'unauthorized', detail, identifier: { type: 'dns', value: 'app.example.test' } } as const;
    await record(api.services, issuance, { type: 'RecordInvalid', run: 1, url, problems: [problem] });
    await record(api.services, issuance, {
      type: 'RecordProblem',
      run: 1,
      step: 'Challenge',
      class: 'person',
      problem,
    });
    await record(api.services, issuance, { type: 'RecordFailure', run: 1, random: 0 });
    const { events } = await read();
    expect(events.map(({ type }) => type)).toEqual(['requested', 'ordered', 'invalid', 'failed']);
    expect(events.at(-1)).toMatchObject({
      run: 1,
      retryAt: expect.any(String),
      cause: { code: 'unauthorized', identifier: 'app.example.test', remedy: expect.stringContaining('point') },
    });
    const view = await api.send('GET', '/v1/teams/web/certificates/app');
    for (const shown of [JSON.stringify(events), view.body]) {
      expect(shown).toContain('Invalid response from http://app.example.test/');
      expect(shown).not.toContain(token);
      expect(shown).not.toContain('/acme/');
    }
  });

  test('tells refused and failed deliveries, and that another certificate has the destination', async () => {
    await put('web', 'app', { destinations });
    await issueNow(api.services, 'web', 'app');
    await deliver({ type: 'RecordRefused', run: 1, reason: 'NotOwned', message: 'made by something else', random: 0 });
    const problem = { type: 'Unreachable', detail: 'connection refused' };
    await deliver({ type: 'BeginRun', after: 1, force: true });
    await deliver({ type: 'RecordFailed', run: 2, class: 'backoff', problem, random: 0 });
    const failures = (await read()).events.filter(({ type }) => type === 'failed');
    expect(failures).toMatchObject([
      { cause: { code: 'NotOwned', remedy: expect.stringContaining('adopt') }, retryAt: expect.any(String) },
      { cause: { code: 'Unreachable' } },
    ]);
    // Asked for before the other one's claim was on the ledger, as two teams at the same time do.
    const { state } = await api.services.ledger.load(certificateDecider, certificateStream('web', 'app'));
    const spec = { ...(state as { spec: object }).spec, destinations: [{ kind: 'directory', path: '/srv/tls/app' }] };
    const command = { type: 'Request', uid: 'mail-uid', spec: spec as never, policyVersion: 1 } as const;
    await api.services.ledger.handle(certificateDecider, certificateStream('mail', 'app'), command, meta);
    await issueNow(api.services, 'mail', 'app');
    const mail = await readTimeline(api.services, 'mail', 'app', {}, 100);
    expect(mail.events.at(-1)).toMatchObject({ type: 'failed', cause: { code: 'DestinationTaken' } });
    expect(JSON.stringify(mail.events)).not.toContain('NotOwned');
    expect(mail.events.filter(({ type }) => type === 'delivering')).toEqual([]);
  });

  test('of a destination that changed hands shows each certificate its own time alone', async () => {
    await put('web', 'app', { destinations });
    await issueNow(api.services, 'web', 'app');
    await confirm(1);
    const before = await read();
    await api.send('DELETE', '/v1/teams/web/certificates/app');
    await pursueCertificate(api.services, certificateStream('web', 'app'));
    await put('mail', 'app', { destinations });
    await issueNow(api.services, 'mail', 'app');
    await confirm(2);
    expect(await types(before.cursor)).toEqual(['deleted', 'released']);
    const mail = await readTimeline(api.services, 'mail', 'app', {}, 100);
    expect(mail.events.map(({ type }) => type)).toEqual(['requested', 'signing', 'issued', 'delivering', 'delivered']);
  });

  test('of a name that never had a certificate is refused', async () => {
    expect(await refusalOf(() => read())).toMatchObject({ code: 'CertificateNotFound' });
  });

  describe('followed', () => {
    const follow = (after: TimelineCursor, seconds: number, pause: () => Promise<void>, signal?: AbortSignal) =>
      followTimeline(api.services, 'web', 'app', { after, limit: 10, seconds, pause, ...(signal && { signal }) });

    test('answers at once when there is something, and as soon as there is when there was nothing', async () => {
      await put('web', 'app');
      let pauses = 0;
      const never = async () => {
        throw new Error('there was no need to wait');
      };
      const first = await follow({}, 10, never);
      expect(first.events).toHaveLength(1);
      const later = await follow(first.cursor, 10, async () => {
        pauses += 1;
        if (pauses === 3) await api.send('DELETE', '/v1/teams/web/certificates/app');
      });
      expect([pauses, later.events.map(({ type }) => type)]).toEqual([3, ['deleted']]);
    });

    test('ends when the time is over or the reader is gone', async () => {
      await put('web', 'app');
      const { cursor } = await read();
      let pauses = 0;
      const count = async () => void pauses++;
      expect((await follow(cursor, 1, count)).events).toEqual([]);
      expect(pauses).toBe(4);
      const gone = AbortSignal.abort();
      expect((await follow(cursor, 25, count, gone)).events).toEqual([]);
      expect(pauses).toBe(4);
    });

    test('does not answer for what tenants need not know', async () => {
      await put('web', 'app');
      const { cursor } = await read();
      let pauses = 0;
      const { events } = await follow(cursor, 1, async () => {
        pauses += 1;
        if (pauses === 1) await startIssuance(api.services, 'web', 'app');
      });
      expect([pauses, events]).toEqual([4, []]);
    });
  });

  test('over HTTP goes on from a cursor, and takes no nonsense for one', async () => {
    await put('web', 'app');
    const path = '/v1/teams/web/certificates/app/events';
    const first = await api.send('GET', path);
    expect(first.json.events).toHaveLength(1);
    const on = await api.send('GET', `${path}?after=${first.json.cursor}`);
    expect(on.json.events).toEqual([]);
    expect((await api.send('GET', `${path}?after=zzz`)).json.code).toBe('InvalidCursor');
    for (const forged of [null, 7, [1], { c: 'x' }, { c: [-1] }, { c: [{}] }]) {
      const cursor = Buffer.from(JSON.stringify(['events', forged])).toString('base64url');
      expect((await api.send('GET', `${path}?after=${cursor}`)).json.events).toHaveLength(1);
    }
  });
});
