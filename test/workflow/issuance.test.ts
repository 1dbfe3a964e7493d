import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { x509 } from '../../lib/adapters/x509/x509.ts';
import { publicCause } from '../../lib/application/publicCause.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { secondsBetween } from '../../lib/domain/time.ts';
import { MasterKeyUnavailable } from '../../lib/ports/dataKeys.ts';
import { eventually, loadCertificate, putIssuer } from '../support/core.ts';
import { count, failed, heldAt, issued, meta, request, spec, typesOf } from '../support/doubles/app.ts';
import { refusal } from '../support/doubles/ca.ts';
import { worldOfTest } from '../support/doubles/world.ts';
import { again, eventsOf, issuanceOf, newestIssuance, renew } from '../support/issuing.ts';

describe('an issuance', () => {
  it('ends with a certificate under its key, and nothing left at the name server', async () => {
    const world = await worldOfTest();
    await request(world);
    const { issued: facts } = await issued(world);
    const key = await world.services.vault.open(facts!.keyRef!, 'shop');
    const chain = await world.services.vault.open(facts!.chainRef, 'shop');
    const leaf = new X509Certificate(Buffer.from(chain!));
    expect(leaf.checkPrivateKey(createPrivateKey(Buffer.from(key!)))).toBe(true);
    expect(leaf.subjectAltName).toBe('DNS:app.example.test, DNS:*.app.example.test');
    expect(world.dns.zone.size).toBe(0);
    expect(count(world.ca.requests, 'newOrder')).toBe(1);
    expect(world.tasks).toEqual(['Order done', 'Challenge done', 'Finalize done', 'Store done', 'CleanUp done']);
  });

  it("shows nothing with the service's role in Route 53, once the team's policy has the zone no more", async () => {
    const world = await worldOfTest();
    const solvers = [{ dns01: { route53: { hostedZoneID: 'Z1' } } }];
    await putIssuer(world.services, 'shop', 'double', { acme: { server: 'https://ca', solvers } });
    await request(world);
    const { failure } = await failed(world);
    expect(failure).toMatchObject({ step: 'Challenge', problem: { type: 'ServiceRoleNotAllowed' } });
    expect([world.dns.zone.size, count(world.ca.requests, 'answer')]).toEqual([0, 0]);

    const policy = policyOf('shop', { names: ['**'], route53Zones: ['Z1'] });
    await world.services.ledger.handle(teamDecider, teamStream('shop'), { type: 'Put', policy }, meta);
    await again(world.services, await newestIssuance(world.services, 'shop', 'app'));
    await issued(world);
  });

  it("says that the vault's key cannot be used, and goes on by itself when it can", async () => {
    let disabled = true;
    const world = await worldOfTest({
      decorate: (services) => ({
        ...services,
        vault: {
          ...services.vault,
          seal: async (...sealed) => {
            if (disabled) throw new MasterKeyUnavailable('KMS does not do it now: DisabledException: it is disabled');
            return services.vault.seal(...sealed);
          },
        },
      }),
    });
    await request(world);
    const { failure } = await failed(world);
    expect(failure).toMatchObject({ class: 'infrastructure', problem: { type: 'MasterKeyUnavailable' } });
    expect(publicCause(failure.problem)).toMatchObject({
      detail: expect.stringContaining('DisabledException'),
      remedy: expect.stringContaining("vault's key"),
    });
    disabled = false;
    await world.pass(600);
    await issued(world);
  });

  it('shows nothing for a name that the CA wants proved and nobody asked for', async () => {
    const world = await worldOfTest({
      decorate: (services) => ({
        ...services,
        acme: {
          ...services.acme,
          authorization: async (...asked) => {
            const answer = await services.acme.authorization(...asked);
            return { ...answer, identifier: { type: 'dns', value: 'victim.example.test' } };
          },
        },
      }),
    });
    await request(world);
    const { failure } = await failed(world);
    expect(failure).toMatchObject({ step: 'Challenge', problem: { type: 'AuthorizationNotAsked' } });
    expect([world.dns.zone.size, count(world.ca.requests, 'answer')]).toEqual([0, 0]);
  });

  it('fails with the cause of each name when a solver publishes something else, backs off, and keeps the old certificate', async () => {
    const world = await worldOfTest();
    await request(world);
    const first = await issued(world);
    world.dns.garbles = true;
    await renew(world.services, 'shop', 'app', 1);
    const { failure, caFailures, dueAt } = await failed(world);
    expect(failure.problem).toMatchObject({ type: 'unauthorized', identifier: { value: 'app.example.test' } });
    expect(caFailures).toBe(1);
    expect(secondsBetween(failure.at, dueAt!)).toBeGreaterThan(250);
    const stream = issuanceStream(first.uid, 2);
    expect(count(await typesOf(world, stream), 'AuthorizationInvalidated')).toBe(2);
    expect((await loadCertificate(world.services, 'shop', 'app')).issued).toEqual(first.issued);
    await eventually('what was published is removed', async () => world.dns.zone.size === 0);

    world.dns.garbles = false;
    await world.pass(200);
    expect((await issuanceOf(world.services, stream)).status).toBe('failed');
    await world.pass(200);
    expect((await issued(world)).issued?.revision).toBe(2);
    expect(count(world.ca.requests, 'newOrder')).toBe(3);
  });

  it('waits for a CA that is slow, is put off after fifteen looks, and carries on with the same order', async () => {
    const world = await worldOfTest();
    world.ca.controls.slow = true;
    // The CA asks for patience, so that the step does not poll by itself.
    const real = world.ca.order;
    world.ca.order = async (...args) => ({ ...(await real(...args)), retryAfter: 1 });
    await request(world);
    const stream = issuanceStream((await loadCertificate(world.services, 'shop', 'app')).uid, 1);
    const deferral = await eventually('it is put off', async () => (await issuanceOf(world.services, stream)).deferral);
    expect(deferral.reason).toBe('CaStillValidating');
    expect(count(world.tasks, 'Challenge wait')).toBe(15);
    expect(world.dns.zone.size).toBe(1);
    world.ca.controls.slow = false;
    world.ca.set('ready');
    await world.pass(301);
    await issued(world);
    expect(count(world.ca.requests, 'newOrder')).toBe(1);
    expect(world.dns.zone.size).toBe(0);
  });

  it('says that the CA refuses the account, and goes on when it no longer does', async () => {
    const world = await worldOfTest();
    world.ca.controls.before = (action) => {
      if (action === 'register') throw refusal('externalAccountRequired', 400);
    };
    await request(world);
    const { failure } = await failed(world);
    expect(failure).toMatchObject({
      step: 'Order',
      class: 'configuration',
      problem: { type: 'externalAccountRequired' },
    });
    world.ca.controls.before = () => {};
    await world.pass(400);
    await issued(world);
  });

  it('registers its account again at a CA that lost it, under the same key', async () => {
    const world = await worldOfTest();
    await request(world);
    await issued(world);
    world.ca.lose('accounts');
    await renew(world.services, 'shop', 'app', 1);
    await issued(world);
    const events = await eventsOf(world.services, 'account/shop/double');
    expect(events.map(({ type }) => type)).toEqual(['AccountKeySealed', 'AccountRegistered', 'AccountRegistered']);
  });

  it('places another order when the last run’s has expired, or the CA does not know it any more', async () => {
    for (const why of ['expired', 'gone'] as const) {
      const world = await worldOfTest();
      world.ca.controls.orderLife = why === 'expired' ? 600 : 86_400;
      let broken = true;
      world.ca.controls.before = (action) => {
        if (action === 'authorization' && broken) throw refusal('serverInternal', 500);
      };
      await request(world);
      const { uid } = await loadCertificate(world.services, 'shop', 'app');
      await failed(world);
      if (why === 'gone') world.ca.lose('orders');
      broken = false;
      await world.pass(700);
      await issued(world);
      const events = await eventsOf(world.services, issuanceStream(uid, 1));
      expect(events).toContainEqual({ type: 'OrderAbandoned', reason: why === 'gone' ? 'Gone' : 'Expired' });
      expect(count(world.ca.requests, 'newOrder')).toBe(2);
    }
  });

  it('asks the order how it stands when the CA says that it cannot be finalized: the answer to the first time was lost', async () => {
    const world = await worldOfTest();
    let lost = true;
    const real = world.ca.finalize;
    world.ca.finalize = async (...args) => {
      const answer = await real(...args);
      if (!lost) return answer;
      lost = false;
      throw refusal('serverInternal', 500, 'the answer was lost');
    };
    await request(world);
    await failed(world);
    await world.pass(100);
    await issued(world);
    expect(count(world.ca.requests, 'newOrder')).toBe(1);
    expect(count(world.ca.requests, 'finalize')).toBe(2);
  });

  it('never stores a certificate for another key', async () => {
    const world = await worldOfTest();
    world.ca.controls.wrongKey = true;
    await request(world);
    const { failure, order, uid } = await failed(world);
    expect(failure.problem.type).toBe('IssuedMismatch');
    expect(order).toBeUndefined();
    expect(await world.services.vault.open(`chain/${uid}/1`, 'shop')).toBeUndefined();
    world.ca.controls.wrongKey = false;
    await world.pass(400);
    await issued(world);
    expect(count(world.ca.requests, 'newOrder')).toBe(2);
  });

  it('is refused by a policy that was narrowed after the request, before the CA hears of it', async () => {
    const world = await worldOfTest();
    const narrow = policyOf('shop', { names: ['*.other.test'] });
    const held = heldAt(world, 'register');
    await request(world);
    await held.reached;
    await world.services.ledger.handle(teamDecider, teamStream('shop'), { type: 'Put', policy: narrow }, meta);
    world.ca.controls.before = () => {};
    held.free();
    await issued(world);
    await renew(world.services, 'shop', 'app', 1);
    const { failure } = await failed(world);
    expect(failure).toMatchObject({ class: 'configuration', problem: { type: 'NameNotAllowed' } });
    expect(count(world.ca.requests, 'newOrder')).toBe(1);
  });

  it('keeps the key over a renewal where rotationPolicy says Never, and makes another where it says Always', async () => {
    for (const rotationPolicy of ['Never', 'Always'] as const) {
      const world = await worldOfTest();
      await request(world, { ...spec, privateKey: { ...spec.privateKey, rotationPolicy } });
      const first = await issued(world);
      await renew(world.services, 'shop', 'app', 1);
      const second = await eventually('the renewal', async () => {
        const now = await issued(world);
        return now.issued?.revision === 2 && now;
      });
      const key = async (ref?: string) => Buffer.from((await world.services.vault.open(ref!, 'shop'))!).toString();
      const same = (await key(first.issued?.keyRef)) === (await key(second.issued?.keyRef));
      expect(same).toBe(rotationPolicy === 'Never');
    }
  });

  it('holds no key where the requester sent a CSR', async () => {
    const world = await worldOfTest();
    const { generateKey, createCsr, publicKeyHash, signer, readChain } = x509();
    const key = await generateKey({ algorithm: 'ECDSA', size: 256 });
    const der = Buffer.from(await createCsr(spec, key)).toString('base64');
    const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${der}\n-----END CERTIFICATE REQUEST-----\n`;
    await request(world, { ...spec, request: csr });
    const { issued: facts, uid } = await issued(world);
    expect(facts!.keyRef).toBeUndefined();
    expect(await world.services.vault.open(`key/${uid}/1`, 'shop')).toBeUndefined();
    const chain = Buffer.from((await world.services.vault.open(facts!.chainRef, 'shop'))!).toString();
    expect(readChain(chain)[0]!.publicKeyHash).toBe(publicKeyHash((await signer(key)).publicKey));
  });
});
