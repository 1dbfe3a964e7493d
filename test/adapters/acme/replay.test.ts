import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AcmeError, Authorization, DirectoryMeta, Order } from '../../../lib/ports/acmeServer.ts';
import { newAcme, newSigner } from '../../support/acmeClient.ts';
import { type Exchange, FIXTURE_HOST, player } from '../../support/acmeRecording.ts';
import { scenarios } from '../../support/acmeScenarios.ts';

const fixture = (name: string): Exchange[] =>
  JSON.parse(readFileSync(join(import.meta.dirname, `../../fixtures/acme/${name}.json`), 'utf8'));

/** Runs a scenario on its recording. A request that was not recorded, or one too few, fails. */
async function replay<T>(name: string): Promise<T> {
  const http = player(fixture(name));
  const endpoint = { server: `${FIXTURE_HOST}/dir` };
  const stage = { acme: newAcme({ http }), endpoint, signer: newSigner(), show: () => {}, pause: 0 };
  const answer = await scenarios[name]!.run(stage);
  expect(http.left()).toBe(0);
  return answer as T;
}

describe('the wire of a recorded Pebble', () => {
  it('is, for an issuance, what it was when it was recorded', async () => {
    const seen = await replay<
      { meta: DirectoryMeta; order: Order; authorization: Authorization } & Record<string, Order>
    >('issuance');
    expect(seen.meta.profiles).toEqual({ default: '7776000 seconds' });
    expect(seen.order).toMatchObject({
      status: 'pending',
      profile: 'default',
      url: expect.stringMatching(/\/my-order\//),
    });
    expect(seen.authorization).toMatchObject({
      status: 'pending',
      wildcard: false,
      identifier: { type: 'dns', value: 'fixed.example.test' },
    });
    expect([seen.ready!.status, seen.valid!.status]).toEqual(['ready', 'valid']);
    expect(String(seen.chain)).toMatch(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n-----BEGIN/);
    expect(seen.other).toBe(seen.chain);
  });

  it('tells of a wrong answer by name, type and cause', async () => {
    const { failed, order } = await replay<{ failed: Authorization; order: Order }>('wrongAnswer');
    const challenge = failed.challenges.find((one) => one.status === 'invalid');
    expect(failed.identifier.value).toBe('wrong.example.test');
    expect(challenge?.problem).toMatchObject({ class: 'person', problem: { type: 'unauthorized', status: 403 } });
    expect(order.status).toBe('invalid');
  });

  it('types every refusal', async () => {
    const seen = await replay<Record<string, AcmeError>>('refusals');
    const told = Object.entries(seen).map(([name, { action, failure, accepted }]) => [
      name,
      action,
      failure.problem.type,
      failure.class,
      accepted,
    ]);
    expect(told).toEqual([
      ['blocked', 'newOrder', 'rejectedIdentifier', 'person', 'no'],
      ['profile', 'newOrder', 'invalidProfile', 'configuration', 'no'],
      ['notAName', 'newOrder', 'malformed', 'backoff', 'no'],
      ['early', 'finalize', 'orderNotReady', 'now', 'no'],
      ['unknownOrder', 'order', 'malformed', 'backoff', 'no'],
    ]);
    expect(seen.blocked!.failure.problem.subproblems).toEqual([
      {
        type: 'rejectedIdentifier',
        detail: 'blocked.example.test is a forbidden domain',
        identifier: { type: 'dns', value: 'blocked.example.test' },
      },
    ]);
  });

  it('is retried with the nonce of the refusal where a nonce was refused', async () => {
    const { order } = await replay<{ order: Order }>('badNonces');
    expect(order.status).toBe('pending');
    expect(fixture('badNonces').filter(({ body }) => body.includes('badNonce')).length).toBeGreaterThan(0);
  });
});
