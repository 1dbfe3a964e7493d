import { issuerLabel } from '../../domain/issuerLabel.ts';
import type { Demand } from '../../domain/limitForecast.ts';
import { type Instant, millis, plusSeconds, secondsBetween } from '../../domain/time.ts';
import type { ViewRow } from '../../ports/views.ts';
import { everyRow } from '../everyRow.ts';
import { CERTIFICATES } from '../projections.ts';
import type { Services } from '../services.ts';

/** A certificate, as far as limits go. */
export interface Holder {
  readonly team: string;
  readonly issuer: string;
  readonly dnsNames: readonly string[];
  readonly notBefore?: Instant;
  /** Absent where nothing is issued, or renewal is switched off. */
  readonly renewalTime?: Instant;
  /** A revision is on its way. */
  readonly underWay: boolean;
}

/** Certificates that one report looks at. */
const MOST = 20_000;

/** The certificates of these teams first, and then those of all others, which ask for the same tokens. */
export async function readHolders(
  services: Pick<Services, 'views'>,
  teams: readonly string[] | '*',
): Promise<{ readonly own: readonly Holder[]; readonly others: readonly Holder[]; readonly partial: boolean }> {
  const own: Holder[] = [];
  for (const owner of teams === '*' ? [undefined] : teams) {
    if (!(await readInto(own, services, MOST, owner))) return { own, others: [], partial: true };
  }
  if (teams === '*') return { own, others: [], partial: false };
  const all: Holder[] = [];
  const partial = !(await readInto(all, services, MOST));
  return { own, others: all.filter(({ team }) => !teams.includes(team)), partial };
}

/** @returns whether there was room for every certificate */
async function readInto(
  holders: Holder[],
  { views }: Pick<Services, 'views'>,
  most: number,
  owner?: string,
): Promise<boolean> {
  for await (const row of everyRow(views, CERTIFICATES, { owner })) {
    if (holders.length === most) return false;
    holders.push(toHolder(row));
  }
  return true;
}

function toHolder({ owner, doc }: ViewRow): Holder {
  const { dnsNames, issuerName, issuerKind, notBefore, renewalTime, issuingRevision } = doc as Record<string, never>;
  const issuer = issuerLabel(owner, { name: issuerName!, kind: issuerKind! });
  return {
    team: owner,
    issuer,
    dnsNames: dnsNames ?? [],
    notBefore,
    renewalTime,
    underWay: issuingRevision !== undefined,
  };
}

/**
 * When certificates ask for their next tokens of a bucket. A renewal that the CA does not count asks for none, and neither does one that is switched
 * off. Whoever is on the way has a reservation in the bucket already: that many are not asked for again.
 * @param exempt whether the CA does not count renewals here
 * @param reserved reservations that stand in the bucket
 */
export function demandsOf(holders: readonly Holder[], exempt: boolean, reserved: number, now: Instant): Demand[] {
  let held = reserved;
  const isHeld = ({ underWay }: Holder): boolean => underWay && held-- > 0;
  return holders.flatMap((holder): Demand[] => {
    const { notBefore, renewalTime } = holder;
    if (!notBefore) return isHeld(holder) ? [] : [{ first: now }];
    if (exempt || !renewalTime) return [];
    const every = Math.max(60, secondsBetween(notBefore, renewalTime));
    const due = millis(renewalTime) > millis(now) ? renewalTime : now;
    return [{ first: isHeld(holder) ? plusSeconds(due, every) : due, every }];
  });
}
