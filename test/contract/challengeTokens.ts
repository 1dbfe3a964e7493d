import { describe, expect, test } from 'vitest';
import type { ChallengeTokens, Holders } from '../../lib/ports/challengeTokens.ts';
import { type MakeFixture, withFixture } from './fixture.ts';

/** The contract of presented HTTP-01 tokens. Run on every adapter. */
export function challengeTokensContract(make: MakeFixture<ChallengeTokens>): void {
  describe('ChallengeTokens', () => {
    test('finds a token that is presented, and no other', () =>
      withFixture(make, async (tokens) => {
        await tokens.put('token-a', 'token-a.thumbprint');
        expect(await tokens.find('token-a')).toBe('token-a.thumbprint');
        expect(await tokens.find('token-')).toBeUndefined();
        expect(await tokens.find('TOKEN-A')).toBeUndefined();
        expect(await tokens.find('')).toBeUndefined();
      }));

    test('finds nothing after the removal, which may be repeated', () =>
      withFixture(make, async (tokens) => {
        await tokens.put('token-a', 'token-a.thumbprint');
        await tokens.put('token-b', 'token-b.thumbprint');
        await tokens.remove('token-a');
        await tokens.remove('token-a');
        expect(await tokens.find('token-a')).toBeUndefined();
        expect(await tokens.find('token-b')).toBe('token-b.thumbprint');
      }));

    test('takes a token again: the newest key authorization counts', () =>
      withFixture(make, async (tokens) => {
        await tokens.put('token-a', 'token-a.old');
        await tokens.put('token-a', 'token-a.new');
        expect(await tokens.find('token-a')).toBe('token-a.new');
      }));

    test('finds after a restart what was put before', () =>
      withFixture(make, async (tokens, fixture) => {
        await tokens.put('token-a', 'token-a.thumbprint');
        expect(await (await fixture.reopen()).find('token-a')).toBe('token-a.thumbprint');
      }));
  });
}

/** The contract of the holders of presented values. Run on every adapter. */
export function holdersContract(make: MakeFixture<Holders>): void {
  describe('Holders', () => {
    test('tells the last one out that nobody holds the value any more', () =>
      withFixture(make, async (holders) => {
        await holders.hold('record/value', 'issuance/1');
        await holders.hold('record/value', 'issuance/2');
        await holders.hold('record/other', 'issuance/3');
        expect(await holders.release('record/value', 'issuance/1')).toBe(false);
        expect(await holders.release('record/value', 'issuance/2')).toBe(true);
        expect(await holders.release('record/other', 'issuance/3')).toBe(true);
      }));

    test('counts a holder once, however often it holds, and a release of what nobody holds as the last', () =>
      withFixture(make, async (holders) => {
        await holders.hold('value', 'a');
        await holders.hold('value', 'a');
        expect(await holders.release('value', 'b')).toBe(false);
        expect(await holders.release('value', 'a')).toBe(true);
        expect(await holders.release('value', 'a')).toBe(true);
      }));

    test('lets exactly one of several simultaneous releases be the last', () =>
      withFixture(make, async (holders) => {
        const names = Array.from({ length: 8 }, (_, index) => `issuance/${index}`);
        await Promise.all(names.map((name) => holders.hold('value', name)));
        const answers = await Promise.all(names.map((name) => holders.release('value', name)));
        expect(answers.filter(Boolean)).toHaveLength(1);
      }));

    test('remembers holders over a restart', () =>
      withFixture(make, async (holders, fixture) => {
        await holders.hold('value', 'a');
        await holders.hold('value', 'b');
        const again = await fixture.reopen();
        expect(await again.release('value', 'a')).toBe(false);
        expect(await again.release('value', 'b')).toBe(true);
      }));
  });
}
