import { describe, expect, it } from 'vitest';
import { DELIVERIES, ISSUANCES } from '../../lib/application/projections.ts';
import { clusterDecider, clusterStream } from '../../lib/domain/cluster.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import { policyOf, type TeamPolicy } from '../../lib/domain/policy.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { DnsError } from '../../lib/ports/dnsProvider.ts';
import { eventually, putCredential, putIssuer, requestCertificate, settled } from '../support/core.ts';
import { refusal } from '../support/doubles/ca.ts';
import { type World, worldOfTest } from '../support/doubles/world.ts';
import { deliveryOf, failedIssuance, stuckDelivery } from '../support/issuing.ts';
import { specOf } from '../support/specs.ts';

const meta = { actor: 'test' };
const OWN = { name: 'double', kind: 'Issuer' } as const;
const prod: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
const DELIVERY = deliveryStream(destinationKey(prod));
const spec = specOf({ dnsNames: ['app.example.test'], issuerRef: OWN });

const setPolicy = ({ services }: World, policy: Partial<TeamPolicy>) =>
  services.ledger.handle(teamDecider, teamStream('shop'), { type: 'Put', policy: policyOf('shop', policy) }, meta);
const settles = ({ services }: World, name = 'app') => settled(services, 'shop', name);

/** It failed, and the view shows it: only then what cures it can find it. */
async function fails({ services }: World, name = 'app') {
  const state = await failedIssuance(services, 'shop', name);
  await eventually('the view shows it', async () => {
    const rows = await services.views.earliest(ISSUANCES, 'owed', { limit: 10 });
    return rows.some(({ key }) => key === `${state.uid}/${state.revision}`);
  });
  return state;
}

/** The same of the one delivery there is. */
const shown = ({ services }: World) =>
  eventually('the view shows it', async () =>
    (await services.views.earliest(DELIVERIES, 'owed', { limit: 10 })).some(({ failing }) => failing),
  );

describe('what failed is tried at once, without a wait or a scan, when', () => {
  it('the policy of its team allows what it forbade; what fails for another reason keeps its time', async () => {
    const world = await worldOfTest();
    await setPolicy(world, { names: ['**.other.test'], destinations: ['**'] });
    await requestCertificate(world.services, 'shop', 'app', spec);
    expect((await fails(world)).failure.problem.type).toBe('NameNotAllowed');
    world.ca.controls.before = (action) => {
      if (action === 'newOrder') throw refusal('rejectedIdentifier', 400);
    };
    await requestCertificate(world.services, 'shop', 'refused', { ...spec, dnsNames: ['www.other.test'] });
    await fails(world, 'refused');
    world.ca.controls.before = () => {};
    await setPolicy(world, { names: ['**'], destinations: ['**'] });
    await settles(world);
    expect((await fails(world, 'refused')).run).toBe(1);
  });

  it('the policy of its team allows the destination', async () => {
    const world = await worldOfTest();
    await requestCertificate(world.services, 'shop', 'app', { ...spec, destinations: [prod] });
    await settles(world);
    await setPolicy(world, { names: ['**'], destinations: ['other/**'] });
    await world.services.ledger.handle(deliveryDecider, DELIVERY, { type: 'Redeliver' }, meta);
    await stuckDelivery(world.services, prod, 'refused', 'DestinationNotAllowed');
    await shown(world);
    await setPolicy(world, { names: ['**'], destinations: ['**'] });
    await eventually('delivered', async () => (await deliveryOf(world.services, prod)).status === 'confirmed');
  });

  it('the credential is put that its issuer refers to', async () => {
    let there = false;
    const world = await worldOfTest({
      decorate: (services) => ({
        ...services,
        dns: {
          ...services.dns,
          async present(...args) {
            if (!there) throw new DnsError('DnsBadSig', 'the secret is not the right one', false);
            return services.dns.present(...args);
          },
        },
      }),
    });
    const tsigSecretSecretRef = { name: 'tsig', key: 'secret' };
    const rfc2136 = { nameserver: '127.0.0.1:53', tsigKeyName: 'k', tsigSecretSecretRef };
    const solvers = [{ dns01: { rfc2136 } }];
    await putIssuer(world.services, 'shop', OWN.name, { acme: { server: 'https://ca', solvers } });
    await putCredential(world.services, 'shop', 'tsig', { secret: 'wrong' });
    await requestCertificate(world.services, 'shop', 'app', spec);
    expect((await fails(world)).failure.problem.type).toBe('DnsBadSig');
    there = true;
    await putCredential(world.services, 'shop', 'other', { secret: 'x' });
    await putCredential(world.services, 'shop', 'tsig', { secret: 'right' }, 2);
    await settles(world);
  });

  it('the credential is put without which its issuer has no account', async () => {
    const world = await worldOfTest();
    const externalAccountBinding = { keyID: 'k', keySecretRef: { name: 'eab', key: 'key' } };
    const solvers = [{ dns01: { webhook: { url: 'https://dns' } } }];
    await putIssuer(world.services, 'shop', 'bound', {
      acme: { server: 'https://bound', solvers, externalAccountBinding },
    });
    await requestCertificate(world.services, 'shop', 'app', { ...spec, issuerRef: { name: 'bound', kind: 'Issuer' } });
    expect((await fails(world)).failure.problem.type).toBe('CredentialNotFound');
    await putCredential(world.services, 'shop', 'eab', { key: Buffer.from('a key').toString('base64url') });
    await settles(world);
    const { state } = await world.services.ledger.load(issuerDecider, issuerStream('shop', 'bound'));
    expect(state.ready).toBe('ready');
  });

  it('the cluster answers that could not be delivered to', async () => {
    const world = await worldOfTest();
    const register = {
      type: 'Register',
      endpoint: 'https://127.0.0.1:1',
      caFingerprint: 'f',
      credentialRef: 'cluster/prod/1',
    } as const;
    let answers = false;
    world.destinations.before = async () =>
      answers
        ? undefined
        : { outcome: 'failed', class: 'backoff', reason: 'Unreachable', message: 'it does not answer' };
    await world.services.ledger.handle(clusterDecider, clusterStream('prod'), register, meta);
    await requestCertificate(world.services, 'shop', 'app', { ...spec, destinations: [prod] });
    await stuckDelivery(world.services, prod, 'failed', 'Unreachable');
    await shown(world);
    answers = true;
    const reachable = { type: 'RecordReachable', credentialRef: 'cluster/prod/1', version: 'v1.35.4' } as const;
    await world.services.ledger.handle(clusterDecider, clusterStream('prod'), reachable, meta);
    await settles(world);
  });
});
