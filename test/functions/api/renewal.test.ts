import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { followTeam } from '../../../lib/application/reactions/followTeam.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';
import { issueNow } from '../../support/issue.ts';
import { APP, appSpec, type WebApi, webApi } from '../../support/webApi.ts';

const window = { cron: '0 2 * * 6', windowDuration: '2h', timezone: 'Europe/Berlin' };

describe('when a certificate is renewed, over HTTP', () => {
  let api: WebApi;
  beforeEach(async () => {
    api = await webApi();
  });
  afterEach(() => api.close());

  test('is shown with its reason, and when nothing holds it back any more', async () => {
    await api.putApp();
    await issueNow(api.services, 'web', 'app');
    const { status } = (await api.send('GET', APP)).json;
    expect(status.renewal).toMatchObject({ reason: 'Expiring', time: status.renewalTime });
    expect(status.renewal.atLatest > status.renewal.time).toBe(true);
    expect(status.renewal.atLatest < status.notAfter).toBe(true);
    expect(status.nextAction.message).toBe(`It is renewed at ${status.renewalTime}`);
  });

  test('what was issued by a clock that was a day ahead is not ready before its time, and the reason is told', async () => {
    const real = new Date().toISOString();
    let now = plusSeconds(real, 86_400);
    const ahead = await webApi({ clock: { now: () => now } });
    try {
      await ahead.putApp();
      await issueNow(ahead.services, 'web', 'app');
      await ahead.projected();
      now = real;
      const { status } = (await ahead.send('GET', APP)).json;
      expect(status.conditions[0]).toMatchObject({ status: 'False', reason: 'NotYetValid' });
      expect(status.conditions[0].message).toContain(status.notBefore);
      const { items } = (await ahead.send('GET', '/v1/certificates?ready=false')).json;
      expect(items).toMatchObject([{ name: 'app', ready: false }]);
      now = plusSeconds(real, 86_400 - 60);
      expect((await ahead.send('GET', APP)).json.status.conditions[0].status).toBe('True');
    } finally {
      await ahead.close();
    }
  });

  test('is not shown where the spec disables it; a warning says what that means', async () => {
    await api.putApp({ renewal: { policy: 'Disabled' } });
    await issueNow(api.services, 'web', 'app');
    const { status, warnings } = (await api.send('GET', APP)).json;
    expect(status).not.toHaveProperty('renewal');
    expect(status).not.toHaveProperty('renewalTime');
    expect(warnings).toMatchObject([{ code: 'RenewalDisabled', field: 'spec.renewal.policy' }]);
  });

  test('a renewBefore over half of the lifetime is accepted with a warning, also by a batch and a dry run', async () => {
    const more = { renewBefore: '1500h' };
    const warning = {
      code: 'RenewBeforeOverHalf',
      field: 'spec.renewBefore',
      message: expect.stringContaining('660h'),
    };
    expect((await api.putApp(more, '?dryRun=true')).json.warnings).toEqual([warning]);
    const resources = [{ kind: 'Certificate', team: 'web', name: 'app', spec: { ...appSpec, ...more } }];
    for (const query of ['?dryRun=true', '']) {
      const { json } = await api.send('POST', `/v1/apply${query}`, { json: { resources } });
      expect(json.resources[0]).toMatchObject({ outcome: 'created', warnings: [warning] });
    }
  });

  test('follows the team where the spec does not say, and the same request again changes nothing', async () => {
    const renewal = { policy: 'RenewBefore', windows: [window], freezes: [] } as const;
    await api.putTeam('web', { renewal });
    const first = await api.putApp();
    expect(first.json.spec.renewal).toEqual(renewal);
    const again = await api.putApp();
    expect([again.status, again.headers.etag]).toEqual([200, first.headers.etag]);
    const own = { windows: [], freezes: [window] };
    expect((await api.putApp({ renewal: own })).json.spec.renewal).toEqual({ policy: 'RenewBefore', ...own });
  });

  test('follows the team when that changes its times, and its own where it has some', async () => {
    await api.putApp();
    await api.send('PUT', '/v1/teams/web/certificates/own', {
      json: { spec: { ...appSpec, renewal: { windows: [window] } } },
    });
    await issueNow(api.services, 'web', 'app');
    await api.projected();
    const before = (await api.send('GET', APP)).json;
    const year = {
      policy: 'RenewBefore',
      windows: [],
      freezes: [{ cron: '0 0 1 * *', windowDuration: '2160h', timezone: 'UTC' }],
    } as const;
    const follow = async (renewal?: typeof year) => {
      await api.putTeam('web', { renewal });
      await followTeam(api.services, 'team/web');
      await followTeam(api.services, 'team/web');
      return (await api.send('GET', APP)).json;
    };
    const frozen = await follow(year);
    expect([frozen.generation, frozen.spec.renewal, frozen.status.renewalTimesOf]).toEqual([
      before.generation,
      year,
      'team',
    ]);
    expect(frozen.status.renewalTime).toBe(before.status.renewal.atLatest);
    const own = (await api.send('GET', '/v1/teams/web/certificates/own')).json;
    expect([own.spec.renewal.windows, own.status.renewalTimesOf]).toEqual([[window], undefined]);
    const again = await api.putApp();
    expect([again.status, again.json.generation]).toEqual([200, before.generation]);
    const free = await follow(undefined);
    expect([free.spec.renewal, free.status.renewalTimesOf]).toEqual([undefined, undefined]);
    expect(free.status.renewalTime).toBe(before.status.renewalTime);
    const types = (await api.services.store.commits('certificate/web/app')).flatMap(({ events }) =>
      events.map(({ type }) => type),
    );
    expect(types.filter((type) => type === 'RenewalTimesSet')).toHaveLength(2);
  });

  test('a team’s times are judged as a certificate’s are', async () => {
    const policy = { renewal: { windows: [{ ...window, timezone: 'Moon' }] } };
    const answer = await api.send('PUT', '/v1/teams/web', { json: { policy } });
    expect(answer.status).toBe(422);
    expect(answer.json.errors).toMatchObject([
      { code: 'UnknownTimeZone', field: 'policy.renewal.windows[0].timezone' },
    ]);
  });
});
