import fc from 'fast-check';
import { it } from 'vitest';
import { type OrderClaimCommand, orderClaimDecider } from '../../lib/domain/orderClaim.ts';
import { checkAlways, rulesOf } from '../support/decider.ts';

const { given } = rulesOf(orderClaimDecider);
const claimed = (issuance: string) => ({ type: 'OrderClaimed', issuance }) as const;

it('belongs to the first issuance that claims it', () => {
  given().when({ type: 'Claim', issuance: 'a' }).then(claimed('a'));
  given(claimed('a')).when({ type: 'Claim', issuance: 'a' }).then();
  given(claimed('a')).when({ type: 'Claim', issuance: 'b' }).then();
});

it('passes on when its claimant ended, to the first that says so', () => {
  given(claimed('a')).when({ type: 'Claim', issuance: 'b', after: 'a' }).then(claimed('b'));
  given(claimed('a'), claimed('b')).when({ type: 'Claim', issuance: 'c', after: 'a' }).then();
});

it('holds for any sequence of commands: nothing twice, JSON, and nothing owed', () => {
  const issuance = fc.constantFrom('a', 'b', 'c');
  const command: fc.Arbitrary<OrderClaimCommand> = fc.record({
    type: fc.constant('Claim' as const),
    issuance,
    after: fc.option(issuance, { nil: undefined }),
  });
  checkAlways(orderClaimDecider, command, () => false, 100);
});
