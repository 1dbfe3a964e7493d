import type { ChallengeTokens } from '../../ports/challengeTokens.ts';
import type { Database } from './database.ts';

/** Presented HTTP-01 tokens in SQLite. */
export function sqliteChallengeTokens({ ledger }: Database): ChallengeTokens {
  return {
    async put(token, keyAuthorization) {
      await ledger.write(() =>
        ledger.run(
          `INSERT INTO challenge_tokens (token, key_authorization) VALUES (?, ?)
           ON CONFLICT (token) DO UPDATE SET key_authorization = excluded.key_authorization`,
          token,
          keyAuthorization,
        ),
      );
    },

    async find(token) {
      return ledger.get<{ key_authorization: string }>(
        'SELECT key_authorization FROM challenge_tokens WHERE token = ?',
        token,
      )?.key_authorization;
    },

    async remove(token) {
      await ledger.write(() => ledger.run('DELETE FROM challenge_tokens WHERE token = ?', token));
    },
  };
}
