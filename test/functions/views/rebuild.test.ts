import { afterEach, beforeEach, expect, it } from 'vitest';
import { rebuildTurn } from '../../../functions/views/rebuild.ts';
import { TEAMS } from '../../../lib/application/projections.ts';
import { isRebuilding } from '../../../lib/application/rebuild.ts';
import { policyOf } from '../../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../../lib/domain/team.ts';
import { type TestServices, testServices } from '../../support/services.ts';

/** More than a page of streams. */
const TEAM_COUNT = 700;

let made: TestServices;
beforeEach(async () => {
  made = testServices();
  for (let index = 0; index < TEAM_COUNT; index++) {
    const policy = policyOf(`t${index}`, {});
    await made.services.ledger.handle(teamDecider, teamStream(`t${index}`), { type: 'Put', policy }, { actor: 'test' });
  }
  await made.projected();
});
afterEach(() => made.close());

const withTime = (milliseconds: number) => ({ getRemainingTimeInMillis: () => milliseconds });
const rows = () => made.services.views.count(TEAMS, {});

it('The function makes the views anew as far as its time goes, and goes on at the next call', async () => {
  const turn = rebuildTurn(made.services);
  expect(await turn({}, withTime(900_000))).toEqual({ streams: TEAM_COUNT, done: true });
  expect(await rows()).toBe(TEAM_COUNT);

  expect(await turn({}, withTime(1000))).toEqual({ streams: 500, done: false });
  expect([await isRebuilding(made.services), await rows()]).toEqual([true, 500]);
  expect(await turn({}, withTime(1000))).toEqual({ streams: TEAM_COUNT, done: true });
  expect([await isRebuilding(made.services), await rows()]).toEqual([false, TEAM_COUNT]);
});

it('The function begins anew when it is told to', async () => {
  const turn = rebuildTurn(made.services);
  await turn({}, withTime(1000));
  expect(await turn({ restart: true }, withTime(1000))).toEqual({ streams: 500, done: false });
});
