import fc from 'fast-check';
import { it } from 'vitest';
import { type CertificateCommand, certificateDecider } from '../../lib/domain/certificate.decide.ts';
import type { CertificateState } from '../../lib/domain/certificate.ts';
import { REPLACEMENT_REASONS } from '../../lib/domain/renewal.ts';
import { revocationDueAt } from '../../lib/domain/revocation.ts';
import { DISK, disk, facts, PROD, prod, spec } from '../support/certificateEvents.ts';
import { checkAlways, plus, START } from '../support/decider.ts';
import { specOf } from '../support/specs.ts';

it('holds for any sequence of commands: nothing twice, JSON, and never without its time', () => {
  const specs = fc.constantFrom(
    spec,
    specOf({ dnsNames: ['b.example.test'] }),
    specOf({ dnsNames: ['b.example.test'], destinations: [prod] }),
    specOf({ dnsNames: ['b.example.test'], destinations: [disk] }),
    specOf({ dnsNames: ['b.example.test'], renewBefore: '240h', destinations: [prod, disk] }),
  );
  const times = { policy: 'RenewBefore', windows: [], freezes: [] } as const;
  const revision = fc.integer({ min: 1, max: 4 });
  const next = fc.constantFrom(1, 2, 2, 3, 3, 4);
  const early = fc.constantFrom(1, 1, 2);
  const uid = fc.integer({ min: 0, max: 9 }).map((n) => (n > 0 ? 'u1' : 'u2'));
  const command: fc.Arbitrary<CertificateCommand> = fc.oneof(
    fc.record({ type: fc.constant('Request' as const), uid, spec: specs, policyVersion: fc.constant(1) }),
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant('Renew' as const),
        afterRevision: next,
        reason: fc.constantFrom('Expiring' as const, 'Manual' as const),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({ type: fc.constant('RecordIssued' as const), uid, issued: next.map((n) => facts(n)) }),
    },
    fc.record({
      type: fc.constant('RecordDeliveries' as const),
      revision,
      generation: revision,
      destinations: fc.subarray([PROD, DISK]),
      taken: fc.subarray([{ destination: PROD, by: 'shop/other' }]),
    }),
    fc.record({ type: fc.constant('RecordExpiryNear' as const), revision }),
    fc.record({ type: fc.constant('FollowTeam' as const), renewal: fc.constantFrom(undefined, times) }),
    fc.record({
      type: fc.constant('RecordRenewalInformation' as const),
      revision,
      window: fc.constantFrom({ start: plus(10), end: plus(900) }, { start: plus(900), end: plus(10) }),
      checkAt: fc.constant(plus(3600)),
      random: fc.constantFrom(0, 0.9),
    }),
    fc.record({
      type: fc.constant('ScheduleReplacement' as const),
      revision,
      reason: fc.constantFrom(...REPLACEMENT_REASONS),
      at: fc.constantFrom(START, plus(3600)),
    }),
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('RequestRevocation' as const),
        ...{ revision: early, serial: fc.constant('0a'), chainRef: fc.constant('chain/u1/1') },
        notAfter: fc.constantFrom(plus(86_400), plus(3650 * 86_400)),
        reason: fc.constantFrom('superseded' as const, 'keyCompromise' as const),
        replace: fc.constantFrom(true, true, false),
        compromised: fc.constantFrom(true as const, undefined),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('RecordRevoked' as const), revision: early }) },
    fc.record({
      type: fc.constant('RecordRevocationFailure' as const),
      revision: early,
      after: fc.constantFrom(0, 0, 0, 1),
      failure: fc.constantFrom(
        { class: 'backoff' as const, problem: { type: 'serverInternal', detail: 'wait' } },
        { class: 'configuration' as const, problem: { type: 'badRevocationReason', detail: 'no' } },
      ),
      random: fc.constantFrom(0, 0.9),
    }),
    fc.record({ type: fc.constant('RecordKeyExport' as const), exportId: uid }),
    fc.record({
      type: fc.constant('Delete' as const),
      withdraw: fc.boolean(),
      grace: fc.constantFrom(0, 86_400),
      revoke: fc.constantFrom(undefined, 'superseded' as const),
    }),
    fc.record({ type: fc.constant('RecordReleased' as const), uid }),
    fc.record({ type: fc.constant('RecordPurged' as const), uid }),
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('RecordKeysPurged' as const), uid, through: fc.constant(1) }),
    },
  );
  const owes = ({ status, releasing, revocations = [], ended = [] }: CertificateState): boolean =>
    status === 'live' ||
    releasing.length + ended.length > 0 ||
    revocations.some((one) => revocationDueAt(one) !== undefined);
  checkAlways(certificateDecider, command, owes, 5000);
});
