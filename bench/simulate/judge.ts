import { domainOf, type Standing } from './ca.ts';
import { type Calendar, DAY, HOUR, SHORT_LIFETIME, type Span, within } from './calendar.ts';

/** A certificate that ended, or was to be replaced by then, before it had a successor. */
export interface Expiry {
  readonly name: string;
  readonly due: number;
  readonly deadline: number;
  /**
   * Whether a start between `due` and `deadline` would have avoided it: the CA was there, and so was the domain's DNS. Due is the last instant of
   * the window that the CA suggested (RFC 9773 4.2 has every client draw one of it), and of a revoked one the revocation.
   */
  readonly avoidable: boolean;
}

interface Held {
  readonly certificate: Standing;
  readonly since: number;
  deadline: number;
}

/** When an hour was: after a mass revocation, in or after an outage of the CA, or when nothing was the matter. */
export type Times = 'ordinary' | 'revocation' | 'outage';

/** An outage's backlog is through this long after its end. */
const BACKLOG = DAY;

/** Watches what is held for each set of names, and counts. */
export class Judge {
  readonly expiries: Expiry[] = [];
  readonly #held = new Map<string, Held>();
  readonly #ordersByHour = new Map<number, number>();
  readonly #calendar: Calendar;
  readonly #outagesOf: (domain: string) => readonly Span[];
  orders = 0;
  issued = 0;
  exceeded = 0;
  /** Runs that were put off until the CA's limits have room. */
  deferred = 0;
  /** Certificates by the milliseconds that they live. */
  readonly issuedByLife = new Map<number, number>();
  /** Milliseconds, of those that have a successor: how long they were held, and how long they would ideally have been. */
  #heldTime = 0;
  #idealTime = 0;

  constructor(calendar: Calendar, outagesOf: (domain: string) => readonly Span[]) {
    this.#calendar = calendar;
    this.#outagesOf = outagesOf;
  }

  ordered(at: number): void {
    this.orders++;
    const hour = Math.floor(at / HOUR);
    this.#ordersByHour.set(hour, (this.#ordersByHour.get(hour) ?? 0) + 1);
  }

  /** The product stored a certificate. */
  stored(certificate: Standing, at: number): void {
    const before = this.#held.get(certificate.set);
    if (before) this.#replaced(before, at);
    this.issued++;
    const life = certificate.notAfter - certificate.notBefore;
    this.issuedByLife.set(life, (this.issuedByLife.get(life) ?? 0) + 1);
    this.#held.set(certificate.set, { certificate, since: at, deadline: certificate.notAfter });
  }

  /** The CA revoked it: by `deadline` it must have a successor. */
  revoked(certificate: Standing, deadline: number): boolean {
    const held = this.#held.get(certificate.set);
    if (held?.certificate.serial !== certificate.serial) return false;
    held.deadline = Math.min(held.deadline, deadline);
    return true;
  }

  /** What is held at the end of the time. */
  finish(at: number): void {
    for (const held of this.#held.values()) this.#expired(held, at);
  }

  #replaced(held: Held, at: number): void {
    const { certificate, since } = held;
    const life = certificate.notAfter - certificate.notBefore;
    this.#idealTime += life * (life <= SHORT_LIFETIME ? 1 / 2 : 2 / 3);
    this.#heldTime += at - since;
    this.#expired(held, at);
  }

  #expired({ certificate, deadline }: Held, at: number): void {
    if (at <= deadline) return;
    const { notBefore, notAfter, revokedAt, dnsNames } = certificate;
    const life = notAfter - notBefore;
    const due = revokedAt ?? notAfter - life / (life <= SHORT_LIFETIME ? 2 : 3) + life / 100;
    const away = this.#outagesOf(domainOf(dnsNames[0]!));
    let avoidable = false;
    for (let hour = due; hour < deadline && !avoidable; hour += HOUR / 4) {
      avoidable = !within(this.#calendar.caOutages, hour) && !within(away, hour);
    }
    this.expiries.push({ name: dnsNames[0]!, due, deadline, avoidable });
  }

  /** Issuances against the fewest that the lifetimes allow. */
  get toIdeal(): number {
    return this.#idealTime / this.#heldTime;
  }

  /** Orders an hour from `from` on: the mean, and the most by what was the matter then. */
  rates(from: number, to: number): { readonly mean: number; readonly peaks: Readonly<Record<Times, number>> } {
    const peaks = { ordinary: 0, revocation: 0, outage: 0 };
    let all = 0;
    for (const [hour, count] of this.#ordersByHour) {
      if (hour * HOUR < from) continue;
      all += count;
      const times = this.#timesOf(hour * HOUR);
      peaks[times] = Math.max(peaks[times], count);
    }
    return { peaks, mean: (all * HOUR) / Math.max(HOUR, to - from) };
  }

  /** Of the hour that begins at `at`. */
  #timesOf(at: number): Times {
    const { revocations, caOutages } = this.#calendar;
    const end = at + HOUR;
    if (revocations.some((one) => one.at < end && at < one.deadline)) return 'revocation';
    return caOutages.some((one) => one.from < end && at < one.to + BACKLOG) ? 'outage' : 'ordinary';
  }
}

/** The first weeks, in which everything is asked for at once, say nothing about renewals. */
export const ONBOARDING = 100 * DAY;
