import type { ChallengeTokens } from '../../ports/challengeTokens.ts';
import type { Database } from './database.ts';

/** Tokens that are kept in memory as well. A CA asks for one several times, from several places. */
const KEPT = 4096;

/** Presented HTTP-01 tokens in SQLite. */
export function sqliteChallengeTokens({ ledger }: Database): ChallengeTokens {
  const kept = new Map<string, string>();
  return {
    async put(token, keyAuthorization) {
      kept.delete(token);
      await ledger.write(() =>
        ledger.run(
          `INSERT INTO challenge_tokens (token, key_authorization) VALUES (?, ?)
           ON CONFLICT (token) DO UPDATE SET key_authorization = excluded.key_authorization`,
          token,
          keyAuthorization,
        ),
      );
      kept.set(token, keyAuthorization);
      if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
    },

    async find(token) {
      const known = kept.get(token);
      if (known !== undefined) return known;
      return ledger.get<{ key_authorization: string }>(
        'SELECT key_authorization FROM challenge_tokens WHERE token = ?',
        token,
      )?.key_authorization;
    },

    async remove(token) {
      await ledger.write(() => ledger.run('DELETE FROM challenge_tokens WHERE token = ?', token));
      kept.delete(token);
    },
  };
}
