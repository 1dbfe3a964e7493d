import { type Environment, given } from './environment.ts';
import { usageError } from './errors.ts';

/** The owner of what is shared by all teams, as the API names it. */
export const SHARED = '-';

/** The flag that says which team's. */
export const TEAM = {
  team: {
    kind: 'text',
    short: 't',
    value: 'TEAM',
    env: 'CHANCERY_TEAM',
    help: 'The team. `-` is what all teams share.',
  },
} as const;

/** The team that was named. @throws CliError `usage` when none was */
export function teamOf({ team }: { readonly team?: string | undefined }, env: Environment): string {
  const named = given(team, env, 'CHANCERY_TEAM');
  if (named !== undefined) return named;
  throw usageError('which team?', 'give --team TEAM, or set CHANCERY_TEAM');
}
