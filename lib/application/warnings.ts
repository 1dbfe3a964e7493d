import type { LiveCertificate } from '../domain/certificate.ts';
import { durationSeconds, shortDuration } from '../domain/duration.ts';
import type { Issued } from '../domain/issued.ts';
import { overrideAt, specifiedRenewal } from '../domain/renewal.ts';
import { allowedFrom, nextOpening } from '../domain/renewalWindows.ts';
import type { CertificateSpec } from '../domain/spec.ts';
import { type Instant, plusSeconds, secondsBetween } from '../domain/time.ts';
import type { Warning } from './schema/answers.ts';

/** What was issued, or what would be issued now: only its times matter here. */
type Times = Pick<Issued, 'notBefore' | 'notAfter'>;

/** What is accepted and may surprise: the request is done all the same. Of an issued certificate by its actual lifetime. */
export function warningsOf({ spec, issued }: Pick<LiveCertificate, 'spec' | 'issued'>, now: Instant): Warning[] {
  const times = issued ?? { notBefore: now, notAfter: plusSeconds(now, durationSeconds(spec.duration)!) };
  return [...ofMargin(spec, times), ...ofRenewal(spec, times as Issued, now)];
}

/** A renewBefore over half of the lifetime renews more than twice as often as there is need, and one over all of it counts for nothing. */
function ofMargin({ renewBefore, ...spec }: CertificateSpec, { notBefore, notAfter }: Times): Warning[] {
  const lifetime = secondsBetween(notBefore, notAfter);
  const margin = renewBefore === undefined ? 0 : durationSeconds(renewBefore)!;
  if (margin <= lifetime / 2) return [];
  const at = specifiedRenewal({ ...spec, renewBefore }, { notBefore, notAfter } as Issued);
  const when = `it is renewed ${shortDuration(Math.round(secondsBetween(notBefore, at)))} after it begins, about ${at}`;
  const lasts = shortDuration(Math.round(lifetime));
  const [code, message] =
    margin < lifetime
      ? ['RenewBeforeOverHalf', `${renewBefore} is over half of the lifetime (${lasts}): ${when}`]
      : ['RenewBeforeOverLifetime', `${renewBefore} is not below the lifetime (${lasts}), and does not count: ${when}`];
  return [{ code: code!, field: 'spec.renewBefore', message: message! }];
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
