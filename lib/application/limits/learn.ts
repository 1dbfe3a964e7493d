import { accountDecider, accountStream } from '../../domain/account.ts';
import { caHost, caLimits, limitKey, refusedKey } from '../../domain/caLimits.ts';
import type { Identifier } from '../../domain/identifier.ts';
import { correct } from '../../domain/limits.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import { earliest, type Instant, plusSeconds } from '../../domain/time.ts';
import type { AcmeError } from '../../ports/acmeServer.ts';
import type { Services } from '../services.ts';
import { changeBuckets, changes, setDigest } from './buckets.ts';

type Needs = Pick<Services, 'limits' | 'clock' | 'ids'>;

/** Whose request a CA refused. `issuer` is owner/name. */
export interface Refused {
  readonly spec: AcmeIssuerSpec;
  readonly issuer: string;
  readonly identifiers?: readonly Identifier[];
}

/** The longest that a CA can put us off, in seconds. */
const LONGEST = 7 * 86_400;

/**
 * Takes over what a CA says about its limits (429, or 503, with Retry-After): nothing is asked before that time, by nobody whom it concerns.
 * @returns the bucket and the time; undefined when it says nothing of the kind
 */
export async function learnLimit(
  services: Needs & Pick<Services, 'ledger'>,
  { spec, issuer, identifiers }: Refused,
  { failure }: AcmeError,
): Promise<{ readonly key: string; readonly retryAt: Instant } | undefined> {
  const { problem, retryAt } = failure;
  const busy = problem.status === 503;
  if (retryAt === undefined || failure.class !== 'atTime' || !(busy || problem.type === 'rateLimited'))
    return undefined;
  const host = caHost(spec.server);
  const account = (await services.ledger.load(accountDecider, accountStream(issuer))).state.registered?.url;
  const set = identifiers && setDigest(identifiers);
  const named = busy ? undefined : refusedKey(problem.detail, { host, account }, set);
  const general = account === undefined || busy ? limitKey.ca(host) : limitKey.account({ host, account });
  const want = { key: named?.key ?? general, limit: named && caLimits(spec).limits[named.kind], take: false };
  const until = earliest(retryAt, plusSeconds(services.clock.now(), LONGEST))!;
  await changeBuckets(services, host, [want.key], (buckets, now) => ({
    changed: changes([want], buckets, ({ limit }, bucket) => correct(limit, bucket, until, now)),
    answer: undefined,
  }));
  return { key: want.key, retryAt: until };
}
