import { createHash, timingSafeEqual } from 'node:crypto';
import { Refusal } from '../domain/refusal.ts';
import type { Instant } from '../domain/time.ts';
import { type TokenState, tokenDecider, tokenStream, type Verb } from '../domain/token.ts';
import { EVERY_TEAM, type Principal } from './authorize.ts';
import type { Meta } from './ledger.ts';
import type { TokenAnswer } from './schema/answers.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'ledger' | 'clock' | 'ids'>;

const ID_BYTES = 8;
/** 256 random bits. */
const SECRET_BYTES = 32;
const TOKEN = /^chy_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** What a new token is for. */
export interface TokenRequest {
  /** `*`: every team. */
  readonly team: string;
  readonly verbs: readonly Verb[];
  readonly expires: Instant;
  readonly description?: string;
}

/**
 * Issues a token: `chy_<id>_<secret>`. Only the hash of its secret is kept.
 * @returns the token, to be shown once, and what is known of it
 * @throws Refusal `AdminNeedsEveryTeam`
 */
export async function issueToken(
  { ledger, clock, ids }: Needs,
  { team, verbs, expires, description }: TokenRequest,
  meta: Meta = { actor: 'server' },
): Promise<{ id: string; token: string; answer: TokenAnswer }> {
  if (verbs.includes('admin') && team !== EVERY_TEAM) {
    throw new Refusal('AdminNeedsEveryTeam', 'the verb admin is for every team', {
      field: 'team',
      remedy: 'make the team *, or leave admin out of the verbs',
    });
  }
  const id = ids.hex(ID_BYTES);
  const secret = Buffer.from(ids.hex(SECRET_BYTES), 'hex').toString('base64url');
  const command = {
    type: 'Issue',
    team,
    verbs: [...new Set(verbs)],
    hash: hash(secret),
    expires,
    description,
  } as const;
  const { state } = await ledger.handle(tokenDecider, tokenStream(id), command, meta);
  return { id, token: `chy_${id}_${secret}`, answer: tokenView(id, state, clock.now()) };
}

/**
 * Who holds a token. The token's stream is read every time, so that a revocation counts at once.
 * @throws Refusal `TokenInvalid`, `TokenRevoked`, `TokenExpired`
 */
export async function authenticate({ ledger, clock }: Omit<Needs, 'ids'>, token: string): Promise<Principal> {
  const [, id, secret] = TOKEN.exec(token) ?? [];
  const { state } = await ledger.load(tokenDecider, tokenStream(id ?? '-'));
  // An unknown token is compared too, so that how long it takes does not tell which ids there are.
  const same = timingSafeEqual(Buffer.from(hash(secret ?? '')), Buffer.from((state.hash || hash('-')).padEnd(64)));
  if (!id || !secret || state.status === 'absent' || !same) throw refused('TokenInvalid', 'the token is not known');
  if (state.status === 'revoked') throw refused('TokenRevoked', 'the token was revoked');
  if (state.expires <= clock.now()) throw refused('TokenExpired', `the token expired at ${state.expires}`);
  const teams = state.team === EVERY_TEAM ? EVERY_TEAM : [state.team];
  return { actor: `token:${id}`, teams, verbs: state.verbs };
}

const refused = (code: string, message: string): Refusal =>
  new Refusal(code, message, {
    remedy: 'use another: an administrator issues them; a start of the service replaces admin.token when it ended',
  });

/** Ends a token. @throws Refusal `TokenNotFound` */
export async function revokeToken({ ledger }: Pick<Needs, 'ledger'>, id: string, meta: Meta): Promise<void> {
  const { state } = await ledger.load(tokenDecider, tokenStream(id));
  if (state.status === 'absent') throw tokenNotFound(id);
  await ledger.handle(tokenDecider, tokenStream(id), { type: 'Revoke', reason: 'Revoked' }, meta);
}

/** What is known of a token. @throws Refusal `TokenNotFound` */
export async function readToken({ ledger, clock }: Omit<Needs, 'ids'>, id: string): Promise<TokenAnswer> {
  const { state } = await ledger.load(tokenDecider, tokenStream(id));
  if (state.status === 'absent') throw tokenNotFound(id);
  return tokenView(id, state, clock.now());
}

type Shown = Pick<TokenState, 'status' | 'team' | 'verbs' | 'issuedAt' | 'expires' | 'description'>;

/** A token as answers show it; `now` tells whether it expired. */
export function tokenView(id: string, state: Shown, now: string): TokenAnswer {
  const { team, verbs, issuedAt, expires, description } = state;
  const status = state.status === 'revoked' ? 'revoked' : expires <= now ? 'expired' : 'live';
  return { id, team, verbs: [...verbs], status, issuedAt, expires, ...(description && { description }) };
}

const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const tokenNotFound = (id: string): Refusal =>
  new Refusal('TokenNotFound', `there is no token ${id}`, { remedy: 'look at the list of tokens' });
