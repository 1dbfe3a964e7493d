import { inLanes } from '../../async/lanes.ts';
import { limitKey } from '../../domain/caLimits.ts';
import { parseIp } from '../../domain/ip.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import type { IssuanceState } from '../../domain/issuance.ts';
import { issuerDecider, issuerStream } from '../../domain/issuer.ts';
import { issuerPlaceOf } from '../../domain/issuerLabel.ts';
import { type Bucket, isBlocked, lift } from '../../domain/limits.ts';
import { normalizeDnsName, withoutWildcard } from '../../domain/names.ts';
import { domainOf } from '../../domain/orderLimits.ts';
import { issuerNotFound } from '../issuers.ts';
import type { Meta } from '../ledger.ts';
import { ISSUANCES } from '../projections.ts';
import type { LimitsResumedAnswer } from '../schema/limits.ts';
import type { Services } from '../services.ts';
import { changeBuckets, setDigest } from './buckets.ts';
import { acmeIssuers, busyKeysOf, type LimitedIssuer } from './use.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'limits' | 'clock' | 'ids'>;

/** Issuances that are looked at in one turn, those that fail longest first, then those whose turn is next. */
const MOST = 5000;

/** What is to go on: an issuer by its label (`team/name`, or the name of a shared one), and of its names one alone. */
export interface Resumption {
  readonly issuer: string;
  readonly identifier?: string;
}

/**
 * Somebody knows that a CA takes requests again: what it said of its limits is forgotten, for one identifier also what was counted, and what waited
 * for that is tried at once. Whoever is wrong hears it from the CA, which is believed again. A team's share is the operator's own word, and stays.
 * @throws Refusal `IssuerNotFound`; `InvalidName` and the like for the identifier
 */
export async function resumeLimits(services: Needs, asked: Resumption, meta: Meta): Promise<LimitsResumedAnswer> {
  const { ledger } = services;
  const identifier = asked.identifier === undefined ? undefined : normalIdentifier(asked.identifier);
  const [owner, name] = issuerPlaceOf(asked.issuer);
  const stream = issuerStream(owner, name);
  const { state } = await ledger.load(issuerDecider, stream);
  if (state.status !== 'configured') throw issuerNotFound(owner, name);
  const issuers = await acmeIssuers(services);
  const issuer = issuers.find(({ label }) => label === asked.issuer);
  const told = { issuer: asked.issuer, ...(identifier && { identifier }) };
  if (!issuer) return { ...told, lifted: [], resumed: 0 };
  const peers = new Set(issuers.filter(({ host }) => host === issuer.host).map(({ label }) => label));
  const held = await heldBack(services, issuer, peers, identifier);
  const lifted = await liftBuckets(
    services,
    issuer,
    await keysFor(services, issuer, held, identifier),
    identifier !== undefined,
  );
  await ledger.handle(
    issuerDecider,
    stream,
    { type: 'ResumeLimits', ...(identifier && { identifier }), keys: lifted },
    meta,
  );
  const begun = await inLanes(held, async ({ stream: issuance, state: { run } }) => {
    const { events } = await ledger.handle(
      issuanceDecider,
      issuance,
      { type: 'BeginRun', after: run, force: true },
      meta,
    );
    return events.length;
  });
  return { ...told, lifted, resumed: begun.filter((events) => events > 0).length };
}

/** As identifiers of issuances are written. A wildcard is counted as the name below which it stands. */
function normalIdentifier(text: string): string {
  return parseIp(text) ?? withoutWildcard(normalizeDnsName(text, 'identifier'));
}

interface Held {
  readonly stream: string;
  readonly state: IssuanceState;
}

/** What waits because of the CA's limits: at this issuer, and for what the CA said of everybody also at others that use it. */
async function heldBack(
  { ledger, views }: Needs,
  { label }: LimitedIssuer,
  peers: ReadonlySet<string>,
  identifier: string | undefined,
): Promise<readonly Held[]> {
  const rows = await views.earliest(ISSUANCES, 'owed', { limit: MOST });
  const found = await inLanes(
    rows.filter(({ issuer }) => issuer !== undefined && peers.has(issuer)),
    async ({ key, issuer }) => {
      const stream = `issuance/${key}`;
      const { state } = await ledger.load(issuanceDecider, stream);
      const mine = issuer === label || !waitsForPerson(state);
      return mine && waitsForCa(state) && touches(state, identifier) ? [{ stream, state }] : [];
    },
  );
  return found.flat();
}

/** A pause that a person ends is one account's. */
const waitsForPerson = ({ failure }: IssuanceState): boolean => failure?.class === 'person';

function waitsForCa({ status, deferral, failure }: IssuanceState): boolean {
  if (status === 'deferred') return deferral?.reason === 'RateLimited';
  return status === 'failed' && (failure?.class === 'atTime' || failure?.problem.type === 'rateLimited');
}

/** Whether it has the name, or another of the same registered domain: CAs count by that. */
const touches = ({ identifiers }: IssuanceState, identifier: string | undefined): boolean =>
  identifier === undefined || identifiers.some((one) => domainOf(one) === domainOf(toIdentifier(identifier)));

const toIdentifier = (value: string) => ({ type: parseIp(value) === undefined ? 'dns' : 'ip', value }) as const;

/** The buckets that may stand in the way: those of one name, or all that the issuer's account has to do with. */
async function keysFor(
  services: Needs,
  issuer: LimitedIssuer,
  held: readonly Held[],
  identifier: string | undefined,
): Promise<string[]> {
  const { host, account } = issuer;
  const sets = held.map(({ state }) => limitKey.certificatesPerIdentifierSet(host, setDigest(state.identifiers)));
  if (identifier === undefined) {
    const known = await busyKeysOf(services, issuer);
    return [...new Set([limitKey.newRegistrations(host), ...known, ...sets])];
  }
  const domain = limitKey.certificatesPerDomain(host, domainOf(toIdentifier(identifier)));
  const failures = account === undefined ? [] : [limitKey.failedValidations({ host, account }, identifier)];
  return [...new Set([domain, ...failures, ...sets])];
}

/**
 * @param counted whether what was counted is forgotten too, and not only where the CA spoke
 * @returns keys of those that said something
 */
function liftBuckets(
  services: Needs,
  { host }: LimitedIssuer,
  keys: readonly string[],
  counted: boolean,
): Promise<string[]> {
  return changeBuckets(services, host, keys, (buckets, now) => {
    const changed = new Map<string, { readonly bucket: Bucket }>();
    for (const [key, before] of buckets) {
      const bucket = counted || isBlocked(before, now) ? lift(before, now) : before;
      if (bucket !== before) changed.set(key, { bucket });
    }
    return { changed, answer: [...changed.keys()] };
  });
}
