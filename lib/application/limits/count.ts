import {
  caHost,
  caLimits,
  type Exemption,
  exemptionOf,
  kindOf,
  limitKey,
  limitOf,
  RENEWAL_MEMORY,
} from '../../domain/caLimits.ts';
import { limitIdOf } from '../../domain/issuance.ts';
import type { Buckets, Want } from '../../domain/limits.decide.ts';
import { type Bucket, count, release, spend } from '../../domain/limits.ts';
import type { Problem } from '../../domain/problem.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import { type Instant, millis } from '../../domain/time.ts';
import type { AcmeAccount } from '../../ports/acmeServer.ts';
import type { Run } from '../issuance/run.ts';
import type { Services } from '../services.ts';
import { bucketIn, changeBuckets, changes, hasLimits, keysOf, reservation, setDigest } from './buckets.ts';

type Needs = Pick<Services, 'limits' | 'clock' | 'ids'>;

/** The bucket of the run's exact set of identifiers. */
export const setKeyOf = ({ issuance }: Run, { server }: AcmeIssuerSpec): string =>
  limitKey.certificatesPerIdentifierSet(caHost(server), setDigest(issuance.identifiers));

/** What the CA makes of the run's order at `now`, from what was issued before. */
export function exemptionAt(run: Run, spec: AcmeIssuerSpec, buckets: Buckets, now: Instant): Exemption | undefined {
  const { spentAt } = bucketIn(buckets, setKeyOf(run, spec));
  const issuedLately = spentAt !== undefined && millis(now) - spentAt < RENEWAL_MEMORY * 1000;
  return exemptionOf(caLimits(spec), { replacesInWindow: replacesInWindow(run, now), issuedLately });
}

/** Whether the order names what it replaces, inside the window that the CA suggested for that (RFC 9773 5). */
function replacesInWindow({ issuance, certificate }: Run, now: Instant): boolean {
  const window = certificate.renewalInfo?.window;
  return issuance.replaces !== undefined && window !== undefined && window.start <= now && now < window.end;
}

/**
 * Counts the certificate that the CA issued, as Boulder does: always for its exact set of identifiers, and for its domains unless it renews one.
 * What was kept for it and is not counted after all is given back.
 */
export async function spendCertificate(services: Needs, run: Run, spec: AcmeIssuerSpec): Promise<void> {
  if (!hasLimits(spec)) return;
  const held = run.issuance.limits;
  const id = limitIdOf(run.issuance);
  const set = setKeyOf(run, spec);
  const ofCertificate = (held?.keys ?? []).filter((key) => kindOf(key) !== 'newOrders');
  const wants = [...new Set([...ofCertificate, set])].map(
    (key): Want => ({ key, limit: limitOf(spec, key), take: true }),
  );
  await changeBuckets(services, caHost(spec.server), keysOf(wants), (buckets, now) => {
    const renews = exemptionAt(run, spec, buckets, now) !== undefined;
    const next = ({ key, limit }: Want, bucket: Bucket): Bucket => {
      if (!limit || (renews && key !== set)) return release(bucket, id);
      return held?.keys.includes(key) ? spend(limit, bucket, reservation(held), now) : count(limit, bucket, id, now);
    };
    return { changed: changes(wants, buckets, next), answer: undefined };
  });
}

/** Counts validations that failed, one a name. */
export async function countFailures(
  services: Needs,
  run: Run,
  spec: AcmeIssuerSpec,
  { url: account }: AcmeAccount,
  problems: readonly Problem[],
): Promise<void> {
  const limit = caLimits(spec).limits.failedValidations;
  const names = new Set(problems.flatMap(({ identifier }) => (identifier ? [identifier.value] : [])));
  if (!limit || names.size === 0) return;
  const host = caHost(spec.server);
  const wants = [...names].map((name) => ({
    key: limitKey.failedValidations({ host, account }, name),
    limit,
    take: true,
  }));
  const id = `${limitIdOf(run.issuance)}#${run.number}`;
  await changeBuckets(services, host, keysOf(wants), (buckets, now) => ({
    changed: changes(wants, buckets, (_, bucket) => count(limit, bucket, id, now)),
    answer: undefined,
  }));
}
