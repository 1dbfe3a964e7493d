import type { LiveCertificate } from '../domain/certificate.ts';
import { durationSeconds, shortDuration } from '../domain/duration.ts';
import type { Issued } from '../domain/issued.ts';
import { overrideAt, specifiedRenewal } from '../domain/renewal.ts';
import { allowedFrom, nextOpening } from '../domain/renewalWindows.ts';
import type { CertificateSpec } from '../domain/spec.ts';
import { type Instant, plusSeconds, secondsBetween } from '../domain/time.ts';
import { wholeSeconds } from '../domain/validity.ts';
import type { Warning } from './schema/answers.ts';

/** What was issued, or what would be issued now: only its times matter here. */
type Times = Pick<Issued, 'notBefore' | 'notAfter'>;

/** What is accepted and may surprise: the request is done all the same. Of an issued certificate by its actual lifetime. */
export function warningsOf(certificate: WarnedOf, now: Instant): Warning[] {
  const { spec, issued } = certificate;
  const begin = wholeSeconds(now);
  const times = issued ?? { notBefore: begin, notAfter: plusSeconds(begin, durationSeconds(spec.duration)!) };
  return [...ofMargin(spec, times), ...ofRenewal(spec, times as Issued, now), ...ofRevocation(certificate)];
}

type WarnedOf = Pick<LiveCertificate, 'spec' | 'issued' | 'revocations' | 'compromisedRevision'>;

/** A CA without lists of what it revoked tells nobody; and a request's key is changed by whoever made the request. */
function ofRevocation({ spec, issued, revocations = [], compromisedRevision }: WarnedOf): Warning[] {
  const untold = revocations
    .filter(({ acme }) => !acme)
    .map(({ revision }): Warning => {
      const message = `its issuer publishes no revocations: clients are not told, and trust revision ${revision} until it ends`;
      return { code: 'RevocationNotPublished', field: 'status.revocations', message };
    });
  if (!spec.request || !issued || compromisedRevision !== issued.revision) return untold;
  const message = 'its key is known to others, and is that of the request: put a spec with a request of a new key';
  return [...untold, { code: 'RequestKeyCompromised', field: 'spec.request', message }];
}

/** A margin over half of the lifetime renews more than twice as often as there is need, and one over all of it counts for nothing. */
function ofMargin(spec: CertificateSpec, { notBefore, notAfter }: Times): Warning[] {
  const { renewBefore, renewBeforePercentage: percentage } = spec;
  const lifetime = secondsBetween(notBefore, notAfter);
  const margin = renewBefore === undefined ? (lifetime * (percentage ?? 0)) / 100 : durationSeconds(renewBefore)!;
  if (margin <= lifetime / 2) return [];
  const [member, written] =
    renewBefore === undefined ? ['renewBeforePercentage', `${percentage}%`] : ['renewBefore', renewBefore];
  const at = specifiedRenewal(spec, { notBefore, notAfter } as Issued);
  const when = `it is renewed ${shortDuration(Math.round(secondsBetween(notBefore, at)))} after it begins, about ${at}`;
  const lasts = shortDuration(Math.round(lifetime));
  const [code, message] =
    margin < lifetime
      ? ['RenewBeforeOverHalf', `${written} is over half of the lifetime (${lasts}): ${when}`]
      : ['RenewBeforeOverLifetime', `${written} is not below the lifetime (${lasts}), and does not count: ${when}`];
  return [{ code: code!, field: `spec.${member}`, message: message! }];
}

/** A window that never opens, a freeze that never ends: the override renews. And the one who asked for no renewal is told what that means. */
function ofRenewal(spec: CertificateSpec, times: Issued, now: Instant): Warning[] {
  const { renewal } = spec;
  if (!renewal) return [];
  const { notAfter } = times;
  if (renewal.policy === 'Disabled') {
    return [
      { code: 'RenewalDisabled', field: 'spec.renewal.policy', message: `it is not renewed: it ends at ${notAfter}` },
    ];
  }
  const never = (['windows', 'freezes'] as const).flatMap((member) =>
    renewal[member].flatMap((window, index): Warning[] => {
      if (nextOpening(window, now) !== undefined) return [];
      const message = `no day is ever ${window.cron}`;
      return [{ code: 'WindowNeverOpens', field: `spec.renewal.${member}[${index}].cron`, message }];
    }),
  );
  const until = overrideAt(spec, times);
  if (allowedFrom(renewal, specifiedRenewal(spec, times), until) !== undefined) return never;
  const message = `no time between the renewal and its override is allowed: it is renewed at ${until} whatever they say`;
  return [...never, { code: 'NoWindowInTime', field: 'spec.renewal', message }];
}
