import { describe, expect, test } from 'vitest';
import { externalIdOf } from '../../lib/domain/externalId.ts';
import { SHARED } from '../../lib/domain/issuer.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { checkServiceRole, checkServiceRoles } from '../../lib/domain/serviceRole.ts';
import type { Route53Spec } from '../../lib/domain/spec.ts';
import { refusalOf } from '../support/refusal.ts';

const role = 'arn:aws:iam::111122223333:role/dns';
const own = policyOf('shop', { route53Zones: ['Z1', 'Z2'] });
const check = (route53: Route53Spec, { owner = 'shop', policy = own } = {}) =>
  checkServiceRole(owner, policy, { dns01: { route53 } }, 'spec.acme.solvers[0]');

describe("the service's role in Route 53", () => {
  test.each([
    ['a role of its own', {}, { role }],
    ['a role of its own, for any zone', {}, { role, hostedZoneID: 'Z9' }],
    ["a zone of the team's policy", {}, { hostedZoneID: 'Z2' }],
    ['nothing, in a shared issuer', { owner: SHARED, policy: policyOf(SHARED) }, {}],
  ])('is not asked for, or allowed, with %s', (_, whose, route53) => {
    expect(() => check(route53, whose)).not.toThrow();
  });

  test.each([
    ['no zone', {}, {}, "it names no zone of the team's"],
    ['a zone of somebody else', {}, { hostedZoneID: 'Z9' }, "zone Z9 is not one of the team's"],
    ['a zone where the policy gives none', { policy: policyOf('shop') }, { hostedZoneID: 'Z1' }, 'zone Z1 is not'],
  ])("is refused to a team's own issuer that names %s", async (_, whose, route53, why) => {
    const refusal = await refusalOf(() => check(route53, whose));
    expect(refusal).toMatchObject({ code: 'ServiceRoleNotAllowed', field: 'spec.acme.solvers[0].dns01.route53' });
    expect(refusal.message).toContain(why);
    expect(refusal.remedy).toContain('ClusterIssuer');
  });

  test('is looked at in every solver of an issuer, and in no other kind of solver', async () => {
    const server = 'https://ca.example';
    const others = [{ http01: {} }, { dns01: { webhook: { url: 'https://dns.example' } } }];
    expect(() => checkServiceRoles('shop', own, { selfSigned: {} })).not.toThrow();
    expect(() => checkServiceRoles('shop', own, { acme: { server, solvers: others } })).not.toThrow();
    const solvers = [...others, { dns01: { route53: {} } }];
    const refusal = await refusalOf(() => checkServiceRoles('shop', own, { acme: { server, solvers } }));
    expect(refusal.field).toBe('spec.acme.solvers[2].dns01.route53');
  });
});

test('an external id has two characters at least, and no team has that of the shared owner', () => {
  expect([externalIdOf('a'), externalIdOf('shared'), externalIdOf(SHARED)]).toEqual([
    'team/a',
    'team/shared',
    'shared',
  ]);
});
