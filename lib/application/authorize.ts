import { SHARED } from '../domain/issuer.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Verb } from '../domain/token.ts';

/** Who asks, and what they may do. `actor` is what the ledger keeps of them. `teams`: `*` is every team. */
export interface Principal {
  readonly actor: string;
  readonly teams: readonly string[] | '*';
  readonly verbs: readonly Verb[];
}

/** Stands for every team, the shared resources included. */
export const EVERY_TEAM = '*';

/** Whether somebody may do everything but export keys. The verb counts only where it is held for every team. */
const isAdmin = ({ teams, verbs }: Principal): boolean => teams === EVERY_TEAM && verbs.includes('admin');

/**
 * Checks that a principal may do `verb` for `team` (a name, `-` for what is shared, `*` for all of them). What is shared is an
 * administrator's. `key` is included in nothing.
 * @throws Refusal `TokenOfAnotherTeam`, `VerbMissing`
 */
export function authorize(principal: Principal, verb: Verb, team: string): void {
  const every = team === EVERY_TEAM || team === SHARED;
  if (principal.teams !== EVERY_TEAM && (every || !principal.teams.includes(team))) {
    const whose = every ? 'this is for every team' : `it may not act for team ${team}`;
    const holds = principal.teams.length > 0 ? principal.teams.join(', ') : 'no team';
    throw new Refusal('TokenOfAnotherTeam', `the token is for ${holds}: ${whose}`, {
      remedy: every ? 'use a token for every team (*)' : `use a token of team ${team}`,
    });
  }
  if (team === SHARED) requireVerb(principal, 'admin');
  requireVerb(principal, verb);
}

/** @throws Refusal `VerbMissing` */
export function requireVerb(principal: Principal, verb: Verb): void {
  const included = verb !== 'key' && isAdmin(principal);
  if (included || (verb !== 'admin' && principal.verbs.includes(verb))) return;
  const holds = principal.verbs.length > 0 ? principal.verbs.join(', ') : 'none';
  const remedy =
    verb === 'key' ? 'use a token with the verb key, which nothing else includes' : `use a token with the verb ${verb}`;
  throw new Refusal('VerbMissing', `this needs the verb ${verb}; the token has: ${holds}`, { remedy });
}
