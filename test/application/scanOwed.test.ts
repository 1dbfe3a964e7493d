import { describe, expect, it } from 'vitest';
import { pursue } from '../../lib/application/reactions.ts';
import { scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { expiryNearAt } from '../../lib/domain/certificate.ts';
import { clusterDecider, clusterStream } from '../../lib/domain/cluster.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import { plus, START } from '../support/decider.ts';
import { entry } from '../support/ledger.ts';
import { APP, certificate, issue, meta, request, world } from '../support/reactionWorld.ts';
import { specOf } from '../support/specs.ts';

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
