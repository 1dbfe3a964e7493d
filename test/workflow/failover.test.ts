import { describe, expect, it } from 'vitest';
import { metricsText } from '../../functions/api/metrics.ts';
import { gatherFacts } from '../../lib/application/certificateFacts.ts';
import { certificateView } from '../../lib/application/certificateView.ts';
import { listIssuers } from '../../lib/application/lists.ts';
import type { CaaRecord } from '../../lib/domain/caa.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import type { FailoverSpec, IssuerSpec } from '../../lib/domain/spec.ts';
import { eventually, loadCertificate, putIssuer, requestCertificate, settled } from '../support/core.ts';
import { refusal } from '../support/doubles/ca.ts';
import { type World, worldOfTest } from '../support/doubles/world.ts';
import { eventsOf, failedIssuance, issuanceOf, newestIssuance, renew } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';

const DAY = 86_400;
const OWN = { name: 'double', kind: 'Issuer' } as const;
const OTHER = { name: 'other', kind: 'Issuer' } as const;
const spec = specOf({ dnsNames: ['app.example.test'], issuerRef: OWN });
const acme = { server: 'https://ca', solvers: [{ dns01: { webhook: { url: 'https://dns' } } }] };
const failover: FailoverSpec = { to: [OTHER], failures: 1, window: '1h', lifeLeft: 20, back: '1h' };

/** A world whose issuer `double` has `other` to stand in for it. The two are at one CA; `broken` breaks it for orders. */
async function made(other: IssuerSpec = { selfSigned: {} }, records: readonly CaaRecord[] = []): Promise<World> {
  const world = await worldOfTest({
    decorate: (services) => ({ ...services, caa: { relevant: async () => records } }),
  });
  await putIssuer(world.services, 'shop', OTHER.name, other);
  await putIssuer(world.services, 'shop', OWN.name, { acme, failover });
  await ready(world, OWN.name);
  return world;
}

const issuerOf = async ({ services }: World, name: string) =>
  (await services.ledger.load(issuerDecider, issuerStream('shop', name))).state;
const ready = (world: World, name: string) =>
  eventually(`${name} is ready`, async () => (await issuerOf(world, name)).ready === 'ready');

function breakOrders(world: World, type = 'serverInternal'): void {
  world.ca.controls.before = (action) => {
    if (action === 'newOrder') throw refusal(type, 500);
  };
}

const request = ({ services }: World) => requestCertificate(services, 'shop', 'app', spec);
const issued = ({ services }: World) => settled(services, 'shop', 'app');
const newest = async ({ services }: World) => issuanceOf(services, await newestIssuance(services, 'shop', 'app'));

describe('a certificate whose CA fails', () => {
  it('that was never issued is issued by the issuer that stands in, and the decision is on the ledger', async () => {
    const world = await made();
    breakOrders(world);
    await request(world);
    const { uid, issued: at } = await issued(world);
    expect(at!.revision).toBe(2);
    expect(await newest(world)).toMatchObject({ issuer: OTHER, insteadOf: OWN, status: 'succeeded' });
    expect((await issuanceOf(world.services, issuanceStream(uid, 1))).status).toBe('superseded');
    const types = (await eventsOf(world.services, issuerStream('shop', OWN.name))).map(({ type }) => type);
    expect(types.slice(-2)).toEqual(['CaFailureSeen', 'IssuerDiverted']);
    const listed = async () =>
      (await listIssuers(world.services, 'shop', { limit: 10 })).items.find(({ name }) => name === OWN.name)!.status;
    await eventually('the list tells of it', async () => (await listed()).conditions.at(-1)!.type === 'Diverted');
    const { text } = await metricsText(world.services);
    expect(text).toContain('chancery_issuer_diverted{issuer="shop/double",reason="serverInternal"} 1\n');
    expect(text).not.toContain('chancery_issuer_diverted{issuer="shop/other"');
  });

  it('says where it is on its way, and who issued it', async () => {
    const world = await made({ acme: { ...acme, server: 'https://other' } });
    let orders = 0;
    world.ca.controls.before = (action) => {
      if (action !== 'newOrder') return;
      orders++;
      if (orders <= 2) throw refusal('serverInternal', 500);
    };
    const status = async () => certificateView(await gatherFacts(world.services, 'shop', 'app')).status;
    await request(world);
    await eventually('it fails at the other too', async () => {
      const { issuance } = await status();
      return issuance?.status === 'failed' && issuance.issuer?.name === OTHER.name;
    });
    await world.pass(1800);
    await issued(world);
    expect(await status()).toMatchObject({ issuer: OWN, issuedBy: OTHER });
    expect((await status()).issuance).toBeUndefined();
  });

  it('waits for its issuer while it has life left, keeps what it has, and leaves when little is left', async () => {
    const world = await made();
    await request(world);
    const first = await issued(world);
    breakOrders(world);
    world.turn(60 * DAY);
    await renew(world.services, 'shop', 'app', 1);
    await failedIssuance(world.services, 'shop', 'app');
    await eventually('diverted', async () => (await issuerOf(world, OWN.name)).diverted !== undefined);
    expect((await loadCertificate(world.services, 'shop', 'app')).issued).toEqual(first.issued);
    expect((await newest(world)).issuer).toEqual(OWN);
    await world.pass(13 * DAY);
    await eventually('it left', async () => (await newest(world)).issuer.name === OTHER.name);
    expect((await issued(world)).issued!.revision).toBeGreaterThan(2);
  });

  it('comes back to its issuer when that is well again and its time is over', async () => {
    const world = await made();
    breakOrders(world);
    await request(world);
    await issued(world);
    world.ca.controls.before = () => {};
    await world.pass(3599);
    expect((await issuerOf(world, OWN.name)).diverted).toBeDefined();
    await world.pass(2);
    await eventually('taken back', async () => (await issuerOf(world, OWN.name)).diverted === undefined);
    await renew(world.services, 'shop', 'app', 2);
    expect((await issued(world)).issued!.revision).toBe(3);
    expect((await newest(world)).issuer).toEqual(OWN);
    expect((await newest(world)).insteadOf).toBeUndefined();
  });

  it('stays where it is for a failure that another CA would have too', async () => {
    const world = await made();
    breakOrders(world, 'rejectedIdentifier');
    await request(world);
    await failedIssuance(world.services, 'shop', 'app');
    expect((await issuerOf(world, OWN.name)).diverted).toBeUndefined();
  });

  it('stays where it is when CAA records do not allow the other CA', async () => {
    const records = [{ critical: false, tag: 'issue', value: 'ca.example' }];
    const world = await made({ acme: { ...acme, server: 'https://other' } }, records);
    breakOrders(world);
    await request(world);
    await failedIssuance(world.services, 'shop', 'app');
    await eventually('diverted', async () => (await issuerOf(world, OWN.name)).diverted !== undefined);
    const why = await eventually('told', async () =>
      world.logged.find(({ message }) => /cannot stand in/.test(message)),
    );
    expect(JSON.stringify(why.fields)).toMatch(/CAA records allow ca\.example, and not double\.ca/);
    expect((await newest(world)).issuer).toEqual(OWN);
  });

  it('leaves at once when what stands in becomes ready', async () => {
    const world = await made({ ca: { secretName: 'none' } });
    await eventually('unready', async () => (await issuerOf(world, OTHER.name)).ready === 'unready');
    breakOrders(world);
    await request(world);
    await failedIssuance(world.services, 'shop', 'app');
    await putIssuer(world.services, 'shop', OTHER.name, { selfSigned: {} });
    await issued(world);
    expect(await newest(world)).toMatchObject({ issuer: OTHER, insteadOf: OWN, status: 'succeeded' });
  });

  it('is tried at once when its issuer is well again before it left', async () => {
    const world = await made({ ca: { secretName: 'nowhere' } });
    await eventually('unready', async () => (await issuerOf(world, OTHER.name)).ready === 'unready');
    breakOrders(world);
    await request(world);
    await failedIssuance(world.services, 'shop', 'app');
    world.ca.controls.before = () => {};
    await world.pass(3601);
    expect((await issued(world)).issued!.revision).toBe(1);
  });
});
