import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClusterCommand, clusterDecider } from '../../lib/domain/cluster.ts';
import { type CredentialCommand, credentialDecider } from '../../lib/domain/credential.ts';
import { FAILOVER_DEFAULTS } from '../../lib/domain/failover.ts';
import { configuredIssuer, type IssuerCommand, issuerDecider, noIssuer } from '../../lib/domain/issuer.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import type { IssuerSpec } from '../../lib/domain/spec.ts';
import { liveTeam, type TeamCommand, teamDecider } from '../../lib/domain/team.ts';
import { type TokenCommand, tokenDecider } from '../../lib/domain/token.ts';
import { checkAlways, plus, rulesOf, START } from '../support/decider.ts';

const type = <T extends string>(name: T) => fc.constant(name);

describe('an issuer', () => {
  const { given } = rulesOf(issuerDecider);
  const spec: IssuerSpec = { selfSigned: {} };
  const failover = {
    ...FAILOVER_DEFAULTS,
    to: [{ name: 'other', kind: 'ClusterIssuer' }],
    failures: 1,
    back: '1m',
  } as const;
  const guarded: IssuerSpec = { ...spec, failover };
  const configured = (generation: number, of = spec) => ({ type: 'IssuerConfigured', generation, spec: of }) as const;
  const ready = { type: 'RecordReadiness', generation: 1, ready: true } as const;
  const unready = { type: 'RecordReadiness', generation: 1, ready: false, reason: 'r', message: 'm' } as const;

  it('is configured once for the same spec, and anew for another', () => {
    given().when({ type: 'Configure', spec }).then(configured(1));
    given(configured(1)).when({ type: 'Configure', spec }).then();
    const other = { ca: { secretName: 'ca' } };
    given(configured(1)).when({ type: 'Configure', spec: other }).then(configured(2, other));
  });

  it('counts its generations on after it was deleted: presentations of old ones still name theirs', () => {
    given(configured(1), { type: 'IssuerDeleted' }).when({ type: 'Configure', spec }).then(configured(2));
  });

  it('records a change of readiness, not the same again, and nothing of another generation', () => {
    given(configured(1)).when(ready).then({ type: 'IssuerBecameReady', generation: 1 });
    const bad = { type: 'IssuerBecameUnready', generation: 1, reason: 'r', message: 'm' } as const;
    given(configured(1)).when(unready).then(bad);
    given(configured(1), bad).when(unready).then();
    given(configured(1), bad).when(ready).then({ type: 'IssuerBecameReady', generation: 1 });
    given(configured(1), configured(2)).when(ready).then();
  });

  it('is checked at once, within a minute when it is not ready, and daily when it is', () => {
    expect(given(configured(1)).dueAt).toBe(START);
    expect(given(configured(1)).when(unready).next().dueAt).toBe(plus(60));
    expect(given(configured(1)).when(ready).next().dueAt).toBe(plus(86_400));
  });

  it('that is not ready is checked at once when somebody says that its CA takes requests again', () => {
    const resume = { type: 'ResumeLimits', keys: ['ca/ca.test'] } as const;
    given().when(resume).then();
    expect(given(configured(1)).when(unready).next().when(resume).next().dueAt).toBe(START);
    expect(given(configured(1)).when(ready).next().when(resume).next().dueAt).toBe(plus(86_400));
  });

  it('that is not configured is refused by name', () => {
    expect(() => configuredIssuer(noIssuer, { name: 'x', kind: 'ClusterIssuer' })).toThrow('no ClusterIssuer x');
  });

  it('holds for any sequence of commands', () => {
    const generation = fc.integer({ min: 1, max: 3 });
    const command = fc.oneof(
      fc.record({ type: type('Configure'), spec: fc.constantFrom(spec, { ca: { secretName: 'ca' } }, guarded) }),
      fc.record({ type: type('RecordCaFailure'), attempt: fc.constantFrom('a', 'b', 'c'), problem: type('caTimeout') }),
      fc.record({ type: type('Restore') }),
      fc.record({ type: type('ResumeLimits'), keys: fc.constant(['ca/ca.test']) }),
      fc.record({ type: type('RecordReadiness'), generation, ready: fc.constant(true) }),
      fc.record({
        type: type('RecordReadiness'),
        generation,
        ready: fc.constant(false),
        reason: fc.constantFrom('a', 'b'),
        message: fc.constant('m'),
      }),
      fc.record({ type: type('Delete') }),
    ) as fc.Arbitrary<IssuerCommand>;
    checkAlways(issuerDecider, command, (state) => state.status === 'configured');
  });
});

describe('a credential', () => {
  const { given } = rulesOf(credentialDecider);
  const sealed = (ref: string) => ({ type: 'CredentialSealed', ref, kind: 'Opaque', fields: ['secret'] }) as const;

  it('is sealed once a reference, replaced by another, and deleted once', () => {
    const put = { type: 'RecordSealed', ref: 'r1', kind: 'Opaque', fields: ['secret'] } as const;
    given().when(put).then(sealed('r1'));
    given(sealed('r1')).when(put).then();
    given(sealed('r1'))
      .when({ ...put, ref: 'r2' })
      .then(sealed('r2'));
    given(sealed('r1')).when({ type: 'Delete' }).then({ type: 'CredentialDeleted' });
    given(sealed('r1'), { type: 'CredentialDeleted' }).when({ type: 'Delete' }).then();
    given(sealed('r1'), { type: 'CredentialDeleted' }).when(put).then(sealed('r1'));
  });

  it('holds for any sequence of commands, and owes nothing', () => {
    const command = fc.oneof(
      fc.record({
        type: type('RecordSealed'),
        ref: fc.constantFrom('r1', 'r2'),
        kind: fc.constant('Opaque'),
        fields: fc.constant(['a']),
      }),
      fc.record({ type: type('Delete') }),
    ) as fc.Arbitrary<CredentialCommand>;
    checkAlways(credentialDecider, command, () => false, 100);
  });
});

describe('a cluster', () => {
  const { given } = rulesOf(clusterDecider);
  const registered = (credentialRef: string) =>
    ({ type: 'ClusterRegistered', endpoint: 'https://k', caFingerprint: 'f', credentialRef }) as const;
  const reachable = { type: 'RecordReachable', credentialRef: 'r1', version: 'v1' } as const;

  it('does not hear a check that was made with another credential', () => {
    given(registered('r1'), registered('r2')).when(reachable).then();
    given().when(reachable).then();
    given(registered('r1')).when(reachable).then({ type: 'ClusterBecameReachable', version: 'v1' });
  });

  it('records a change, not the same again', () => {
    const away = { type: 'RecordUnreachable', credentialRef: 'r1', reason: 'r' } as const;
    given(registered('r1'), { type: 'ClusterBecameReachable', version: 'v1' }).when(reachable).then();
    given(registered('r1'), { type: 'ClusterBecameUnreachable', reason: 'r' }).when(away).then();
    given(registered('r1')).when(away).then({ type: 'ClusterBecameUnreachable', reason: 'r' });
  });

  it('holds for any sequence of commands', () => {
    const credentialRef = fc.constantFrom('r1', 'r2');
    const text = fc.constantFrom('a', 'b');
    const command = fc.oneof(
      fc.record({ type: type('Register'), endpoint: text, caFingerprint: text, credentialRef }),
      fc.record({ type: type('RecordReachable'), credentialRef, version: text }),
      fc.record({ type: type('RecordUnreachable'), credentialRef, reason: text }),
      fc.record({ type: type('Remove') }),
    ) as fc.Arbitrary<ClusterCommand>;
    checkAlways(clusterDecider, command, (state) => state.status === 'registered');
  });
});

describe('a team', () => {
  const { given } = rulesOf(teamDecider);
  const policy = policyOf('shop');
  const created = { type: 'TeamCreated' } as const;
  const set = (version: number, of = policy) => ({ type: 'TeamPolicySet', version, policy: of }) as const;

  it('is created with its policy, which changes by version', () => {
    given().when({ type: 'Put', policy }).then(created, set(1));
    given(created, set(1)).when({ type: 'Put', policy }).then();
    const narrow = policyOf('shop', { names: [] });
    given(created, set(1)).when({ type: 'Put', policy: narrow }).then(set(2, narrow));
  });

  it('is not deleted while it has certificates', () => {
    given(created, set(1)).when({ type: 'Delete', certificates: 2 }).refused('TeamInUse');
    given(created, set(1)).when({ type: 'Delete', certificates: 0 }).then({ type: 'TeamDeleted' });
  });

  it('counts its policies on when the name lives again', () => {
    given(created, set(1), { type: 'TeamDeleted' }).when({ type: 'Put', policy }).then(created, set(2));
  });

  it('that does not live is refused by name', () => {
    expect(() => liveTeam(given().state, 'shop')).toThrow('there is no team shop');
    expect(() => liveTeam(given(created, set(1), { type: 'TeamDeleted' }).state, 'shop')).toThrow('no team shop');
  });

  it('holds for any sequence of commands, and owes nothing', () => {
    const command = fc.oneof(
      fc.record({ type: type('Put'), policy: fc.constantFrom(policy, policyOf('shop', { names: [] })) }),
      fc.record({ type: type('Delete'), certificates: fc.constantFrom(0, 1) }),
    ) as fc.Arbitrary<TeamCommand>;
    checkAlways(teamDecider, command, () => false, 100);
  });
});

describe('a token', () => {
  const { given } = rulesOf(tokenDecider);
  const issued = { type: 'TokenIssued', team: 'shop', verbs: ['read'], hash: 'h', expires: plus(60) } as const;

  it('is issued once and revoked once, and never lives again', () => {
    const { type: _, ...fields } = issued;
    given()
      .when({ type: 'Issue', ...fields })
      .then(issued);
    given(issued)
      .when({ type: 'Issue', ...fields, hash: 'other' })
      .then();
    given(issued).when({ type: 'Revoke', reason: 'lost' }).then({ type: 'TokenRevoked', reason: 'lost' });
    given(issued, { type: 'TokenRevoked', reason: 'lost' })
      .when({ type: 'Issue', ...fields })
      .then();
    given(issued, { type: 'TokenRevoked', reason: 'lost' }).when({ type: 'Revoke', reason: 'again' }).then();
  });

  it('holds for any sequence of commands, and owes nothing', () => {
    const command = fc.oneof(
      fc.record({
        type: type('Issue'),
        team: fc.constantFrom('shop', '*'),
        verbs: fc.subarray(['read' as const, 'write' as const]),
        hash: fc.constant('h'),
        expires: fc.constant(plus(60)),
      }),
      fc.record({ type: type('Revoke'), reason: fc.constant('r') }),
    ) as fc.Arbitrary<TokenCommand>;
    checkAlways(tokenDecider, command, () => false, 100);
  });
});
