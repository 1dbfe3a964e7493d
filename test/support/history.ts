import fc from 'fast-check';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream, type Issued } from '../../lib/domain/certificate.ts';
import { clusterDecider, clusterStream } from '../../lib/domain/cluster.ts';
import { credentialDecider, credentialStream } from '../../lib/domain/credential.ts';
import type { Decider, DomainEvent } from '../../lib/domain/decider.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import { Refusal } from '../../lib/domain/refusal.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { tokenDecider, tokenStream } from '../../lib/domain/token.ts';
import { plus, START } from './decider.ts';
import { specOf } from './specs.ts';

/** One command on one stream. A refused one is part of life. */
export interface Act {
  readonly label: string;
  run(services: Pick<Services, 'ledger'>): Promise<void>;
}

function act<C, S, E extends DomainEvent>(decider: Decider<C, S, E>, stream: string, command: C): Act {
  return {
    label: `${stream} ${JSON.stringify(command)}`,
    async run({ ledger }) {
      try {
        await ledger.handle(decider, stream, command, { actor: 'history' });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
    },
  };
}

const prod: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
const disk: Destination = { kind: 'directory', path: '/srv/tls' };
const specs = [
  specOf({ dnsNames: ['a.test'], destinations: [prod] }),
  specOf({ dnsNames: ['a.test'], destinations: [disk] }),
  specOf({ dnsNames: ['b.test'], destinations: [prod, disk] }),
];
const issued = (revision: number): Issued => ({
  revision,
  generation: 1,
  serial: `0${revision}`,
  fingerprint: `f${revision}`,
  notBefore: START,
  notAfter: plus(90 * 86_400),
  keyRef: `key/u/${revision}`,
  chainRef: `chain/u/${revision}`,
});
const problem = { type: 'dns', detail: 'no answer' };

const certificateActs = (['app', 'web'] as const).flatMap((name) => {
  const stream = certificateStream('shop', name);
  const uid = `uid-${name}`;
  return [
    ...specs.map((spec) => act(certificateDecider, stream, { type: 'Request', uid, spec, policyVersion: 1 })),
    ...[1, 2, 3].map((n) => act(certificateDecider, stream, { type: 'RecordIssued', uid, issued: issued(n) })),
    ...[1, 2].map((n) => act(certificateDecider, stream, { type: 'Renew', afterRevision: n, reason: 'Manual' })),
    act(certificateDecider, stream, { type: 'Delete', withdraw: true }),
    act(certificateDecider, stream, { type: 'Delete', withdraw: false }),
  ];
});

/** What happens to certificates, without what follows from it by itself. */
export const certificateHistory: fc.Arbitrary<readonly Act[]> = fc.array(fc.constantFrom(...certificateActs), {
  maxLength: 25,
  size: 'max',
});

const otherActs: readonly Act[] = [
  act(teamDecider, teamStream('shop'), { type: 'Put', policy: policyOf('shop') }),
  act(teamDecider, teamStream('shop'), { type: 'Put', policy: policyOf('shop', { names: [] }) }),
  act(teamDecider, teamStream('shop'), { type: 'Delete', certificates: 0 }),
  ...[1, 2].flatMap((generation) => {
    const stream = issuerStream('shop', 'own');
    const spec = generation === 1 ? { selfSigned: {} } : { ca: { secretName: 'ca' } };
    return [
      act(issuerDecider, stream, { type: 'Configure', spec }),
      act(issuerDecider, stream, { type: 'RecordReadiness', generation, ready: true }),
      act(issuerDecider, stream, { type: 'RecordReadiness', generation, ready: false, reason: 'r', message: 'm' }),
    ];
  }),
  act(issuerDecider, issuerStream('shop', 'own'), { type: 'Delete' }),
  ...['r1', 'r2'].flatMap((ref) => [
    act(credentialDecider, credentialStream('shop', 'tsig'), {
      type: 'RecordSealed',
      ref,
      kind: 'Opaque',
      fields: ['a'],
    }),
    act(clusterDecider, clusterStream('prod'), {
      type: 'Register',
      endpoint: 'https://k',
      caFingerprint: 'f',
      credentialRef: ref,
    }),
    act(clusterDecider, clusterStream('prod'), { type: 'RecordReachable', credentialRef: ref, version: 'v1' }),
  ]),
  act(credentialDecider, credentialStream('shop', 'tsig'), { type: 'Delete' }),
  act(clusterDecider, clusterStream('prod'), { type: 'Remove' }),
  act(tokenDecider, tokenStream('t1'), { type: 'Issue', team: 'shop', verbs: ['read'], hash: 'h', expires: plus(60) }),
  act(tokenDecider, tokenStream('t1'), { type: 'Revoke', reason: 'lost' }),
  ...[1, 2].flatMap((revision) => {
    const stream = issuanceStream('uid-app', revision);
    const request = { certificate: 'shop/app', uid: 'uid-app', revision, generation: 1, identifiers: [] } as const;
    return [
      act(issuanceDecider, stream, { type: 'Start', ...request, issuer: { name: 'own', kind: 'Issuer' } }),
      act(issuanceDecider, stream, { type: 'RecordProblem', run: 1, step: 'Order', class: 'backoff', problem }),
      act(issuanceDecider, stream, { type: 'RecordFailure', run: 1, random: 0 }),
      act(issuanceDecider, stream, { type: 'BeginRun', after: 1, force: true }),
      act(issuanceDecider, stream, { type: 'RecordSuccess', fingerprint: 'f', chainRef: 'c' }),
      act(issuanceDecider, stream, { type: 'Supersede', reason: 'Superseded' }),
    ];
  }),
  ...[prod, disk].flatMap((destination) => {
    const stream = deliveryStream(destinationKey(destination));
    const seen = { revision: 1, generation: 1, objectUid: 'o', resourceVersion: '1', fingerprint: 'f1' };
    return [
      act(deliveryDecider, stream, {
        type: 'Request',
        destination,
        certificate: 'shop/app',
        uid: 'uid-app',
        revision: 1,
        generation: 1,
        fingerprint: 'f1',
      }),
      act(deliveryDecider, stream, { type: 'RecordConfirmed', run: 1, ...seen }),
      act(deliveryDecider, stream, { type: 'RecordRefused', run: 1, reason: 'NotOwned', message: 'm', random: 0 }),
      act(deliveryDecider, stream, { type: 'Withdraw', uid: 'uid-app', keep: true }),
      act(deliveryDecider, stream, { type: 'Withdraw', uid: 'uid-app', keep: false }),
    ];
  }),
];

/** Everything that may happen to any stream. */
export const acts: readonly Act[] = [...certificateActs, ...otherActs];

/** Any of it, in any order. */
export const anyHistory: fc.Arbitrary<readonly Act[]> = fc.array(fc.constantFrom(...acts), {
  minLength: 1,
  maxLength: 60,
  size: 'max',
});
