import { afterEach, beforeAll, expect, it } from 'vitest';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { soon } from '../../support/tenant.ts';

/** The longest that a record of the ledger's stream may wait, in seconds, as the stack says. */
const LONGEST_WAIT = 12 * 3600;

/**
 * Dead letters of the deployed app, worked off through its API. The emulator gives a batch up by its age alone, so that is how these are given up;
 * the letter has the form that Lambda gives it.
 */
describeWith(['ministack'], 'A redrive of the deployed app', () => {
  let app: Deployed;
  let mapping: string;
  beforeAll(async () => {
    app = await deployed();
    mapping = await app.feedOf('project');
  }, DEPLOYING);
  const asBefore = async () => {
    await app.limit('project', undefined);
    await app.setLongestWait(mapping, LONGEST_WAIT);
  };
  afterEach(asBefore);

  const teams = async () => {
    const { items } = (await app.request('GET', '/v1/teams?limit=500')).json as { items: { name: string }[] };
    return items.map(({ name }) => name);
  };

  async function redrive() {
    const total = { letters: 0, streams: 0, failed: [] as string[] };
    let cursor: string | undefined;
    do {
      const { status, json } = await app.request('POST', '/v1/redrive', { body: cursor ? { cursor } : {} });
      expect({ status, json }).toMatchObject({ status: 200, json: { queue: true } });
      total.letters += json.letters;
      total.streams += json.streams;
      total.failed.push(...json.failed);
      cursor = json.cursor;
    } while (cursor);
    return total;
  }

  it('makes the row that a reader gave up, from the ledger, and takes the letter away, which the queue of the alarm counted', async () => {
    await redrive();
    await app.setLongestWait(mapping, 1);
    await app.limit('project', 0);
    expect((await app.request('PUT', '/v1/teams/redriven', { body: {} })).status).toBe(201);
    await soon('the record is given up', async () => {
      if ((await app.deadLetters()).length === 0) throw new Error('no dead letter');
    });
    await asBefore();
    expect(await app.countedByAlarm()).toBeGreaterThan(0);
    expect(await teams()).not.toContain('redriven');
    const { letters, streams, failed } = await redrive();
    expect(letters).toBeGreaterThan(0);
    expect(streams).toBeGreaterThan(0);
    expect(failed).toEqual([]);
    expect(await teams()).toContain('redriven');
    expect(await app.deadLetters()).toEqual([]);
    expect(await app.countedByAlarm()).toBe(0);
    expect(await redrive()).toEqual({ letters: 0, streams: 0, failed: [] });
  }, 120_000);
});
