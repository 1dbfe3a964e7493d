import type { RenewalInformation } from './ari.ts';
import { durationSeconds } from './duration.ts';
import type { Issued } from './issued.ts';
import { allowedFrom } from './renewalWindows.ts';
import type { CertificateSpec } from './spec.ts';
import { contentChanged, issuerChanged } from './specChange.ts';
import { earliest, type Instant, instant, later, millis, plusSeconds, secondsBetween } from './time.ts';
import { nearExpiryMillis, renewalMillis, wholeSeconds } from './validity.ts';

/** Why a revision is issued. */
export type IssueReason =
  | 'NeverIssued'
  | 'SpecChanged'
  | 'IssuerChanged'
  | 'KeyCompromised'
  | 'CaCompromised'
  | 'Revoked'
  | 'Mismatch'
  | 'SecretLost'
  | 'Manual'
  | 'AriWindow'
  | 'Expiring';

/** Reasons that somebody found or decided: they stand on the ledger, each with the time at which it is acted upon. */
export const REPLACEMENT_REASONS = [
  'KeyCompromised',
  'CaCompromised',
  'Revoked',
  'Mismatch',
  'SecretLost',
  'Manual',
] as const satisfies readonly IssueReason[];
export type ReplacementReason = (typeof REPLACEMENT_REASONS)[number];

/** Those that somebody may decide for a whole set of certificates. */
export const DECIDED_REASONS = [
  'Manual',
  'KeyCompromised',
  'CaCompromised',
  'Revoked',
] as const satisfies readonly ReplacementReason[];

/** Reasons that find nothing wrong with what is issued, if anything is. */
const OF_THE_WELL = ['NeverIssued', 'Manual', 'AriWindow', 'Expiring'] as const satisfies readonly IssueReason[];

/** Reasons that leave what is issued of no use. */
export type UnfitReason = Exclude<IssueReason, (typeof OF_THE_WELL)[number]>;

export const isUnfit = (reason: IssueReason): reason is UnfitReason => !OF_THE_WELL.some((one) => one === reason);

/** That the issued revision is to be replaced, from `at` on. */
export interface Replacement {
  readonly reason: ReplacementReason;
  readonly at: Instant;
}

/** The same, as it stands on the ledger since it was decided. */
export interface PlannedReplacement extends Replacement {
  readonly since: Instant;
}

/** What the policies judge by. */
export interface RenewalFacts {
  readonly uid: string;
  readonly spec: CertificateSpec;
  readonly specAt: Instant;
  /** What was asked for before `spec`, while it is being asked for. */
  readonly formerSpec?: CertificateSpec;
  readonly issued?: Issued;
  readonly issuedAt?: Instant;
  readonly renewalInfo?: RenewalInformation;
  readonly replacements?: readonly Replacement[];
}

/** A reason to issue, and from when on. */
export interface Need {
  readonly reason: IssueReason;
  readonly at: Instant;
  /** Renewal by time waits for windows, freezes and its turn, but not beyond this instant. Absent: it does not wait. */
  readonly atLatest?: Instant;
}

/** One rule: when it asks for an issuance, if it does. `now` is absent where only what is known beforehand counts. */
export interface Policy {
  readonly name: IssueReason;
  check(facts: RenewalFacts, now?: Instant): Omit<Need, 'reason'> | undefined;
}

/** Seconds that a certificate is kept at least, lest a wrong clock, ours or the CA's, has one issued after another without end. */
const KEPT = 300;
/** The same for what a CA suggests: a fiftieth of the lifetime, six hours at most. A CA that always says "now" must not be followed. */
const KEPT_BY_ARI = { fraction: 1 / 50, most: 6 * 3600 };

/** Renewal by time goes ahead at the latest when a tenth of the lifetime is left, or half of what was left at the time of renewal. */
const OVERRIDE = { ofLifetime: 1 / 10, ofRest: 1 / 2 };

/** Certificates that are issued together are not renewed together: each comes up to a hundredth of its lifetime earlier. */
const SPREAD = 1 / 100;

/** Every reason to issue, the gravest first: of several that are due, the first is the one that is given. */
export const policies: readonly Policy[] = [
  { name: 'NeverIssued', check: ({ issued, specAt }) => (issued ? undefined : { at: specAt }) },
  { name: 'SpecChanged', check: (facts) => changed(facts, contentChanged) },
  { name: 'IssuerChanged', check: (facts) => changed(facts, issuerChanged) },
  ...REPLACEMENT_REASONS.map((name): Policy => ({ name, check: (facts) => replacement(facts, name) })),
  { name: 'AriWindow', check: suggested },
  { name: 'Expiring', check: expiring },
];

/** What asks for an issuance, in the order of {@link policies}. */
export const needsOf = (facts: RenewalFacts, now?: Instant): Need[] =>
  policies.flatMap(({ name, check }) => {
    const need = check(facts, now);
    return need ? [{ reason: name, ...need }] : [];
  });

/**
 * What asks for an issuance next: of those that are due, the gravest, otherwise the earliest.
 * @param now absent: as it is known beforehand; the time that is given may then lie in the past
 */
export function nextNeed(facts: RenewalFacts, now?: Instant): Need | undefined {
  const needs = needsOf(facts, now);
  const due = now === undefined ? undefined : needs.find(({ at }) => at <= now);
  const first = earliest(...needs.map(({ at }) => at));
  return due ?? needs.find(({ at }) => at === first);
}

function changed(
  { spec, formerSpec, specAt }: RenewalFacts,
  differs: (before: CertificateSpec, after: CertificateSpec) => boolean,
): { at: Instant } | undefined {
  return formerSpec && differs(formerSpec, spec) ? { at: specAt } : undefined;
}

/** What we ourselves found wrong must not have one certificate issued after another either. */
function replacement(facts: RenewalFacts, reason: ReplacementReason): { at: Instant } | undefined {
  const found = facts.replacements?.find((one) => one.reason === reason);
  if (!found || !facts.issued) return undefined;
  const ours = reason === 'Mismatch' || reason === 'SecretLost';
  return { at: ours ? later(found.at, instant(keptUntil(timesOf(facts)))) : found.at };
}

/** The instant that was drawn from the CA's window (RFC 9773 4.2), or another of that window when only that is allowed. */
function suggested(facts: RenewalFacts, now?: Instant): Omit<Need, 'reason'> | undefined {
  const { issued, renewalInfo, spec } = facts;
  if (!issued || renewalInfo?.revision !== issued.revision || spec.renewal?.policy === 'Disabled') return undefined;
  const { renewAt, window } = renewalInfo;
  const { fraction, most } = KEPT_BY_ARI;
  const times = timesOf(facts);
  const kept = instant(keptUntil(times, Math.min(lifetimeOf(times) * fraction, most)));
  const from = later(renewAt, kept);
  const within = [renewAt, window.start].map((start) => allowedFrom(spec.renewal, later(start, kept), window.end));
  return whenAllowed(facts, times, within.find((at) => at !== undefined) ?? from, now);
}

/**
 * The certificate's own rule. Where the CA suggests a window, that takes the place of the rule that nobody wrote: to come earlier would be
 * outside the window, where the CA's limits count. A renewBefore that somebody wrote counts all the same.
 */
function expiring(facts: RenewalFacts, now?: Instant): Omit<Need, 'reason'> | undefined {
  const { issued, renewalInfo, spec } = facts;
  if (!issued || spec.renewal?.policy === 'Disabled') return undefined;
  const written = spec.renewBefore !== undefined || spec.renewBeforePercentage !== undefined;
  if (renewalInfo?.revision === issued.revision && !written) return undefined;
  const times = timesOf(facts);
  return whenAllowed(facts, times, later(ownTime(facts.uid, spec, issued), instant(keptUntil(times))), now);
}

/** What the rules reckon with, in milliseconds since the epoch: read once for all of them. */
interface Times {
  readonly begin: number;
  readonly end: number;
}

const timesOf = ({ issued, issuedAt }: Pick<RenewalFacts, 'issued' | 'issuedAt'>): Times & { since: number } => ({
  begin: millis(issued!.notBefore),
  end: millis(issued!.notAfter),
  since: millis(issuedAt!),
});

/** Seconds. */
const lifetimeOf = ({ begin, end }: Times): number => (end - begin) / 1000;

/** When the spec has what was issued renewed: by renewBefore, renewBeforePercentage or their default. */
export const specifiedRenewal = (spec: CertificateSpec, { notBefore, notAfter }: Issued): Instant =>
  instant(specifiedMillis(spec, { begin: millis(notBefore), end: millis(notAfter) }));

function specifiedMillis({ renewBefore, renewBeforePercentage }: CertificateSpec, { begin, end }: Times): number {
  const before = renewBefore === undefined ? undefined : durationSeconds(renewBefore);
  return renewalMillis(begin, end, before, renewBeforePercentage);
}

/** When it is worth telling that what was issued still has no successor. */
export function expiryNear(spec: CertificateSpec, { notBefore, notAfter }: Issued): Instant {
  const times = { begin: millis(notBefore), end: millis(notAfter) };
  return instant(nearExpiryMillis(times.begin, times.end, specifiedMillis(spec, times)));
}

/** When the certificate is renewed by its own rule: earlier than specified by its part of the spread. Whole seconds. */
export function ownTime(uid: string, spec: CertificateSpec, issued: Issued): Instant {
  const at = specifiedRenewal(spec, issued);
  const { notBefore, notAfter } = issued;
  const most = Math.min(secondsBetween(notBefore, notAfter) * SPREAD, secondsBetween(notBefore, at) / 2);
  return wholeSeconds(plusSeconds(at, -most * share(uid)));
}

/** When a renewal by time goes ahead whatever stands against it. */
export const overrideAt = (spec: CertificateSpec, { notBefore, notAfter }: Issued): Instant =>
  instant(overrideMillis(spec, { begin: millis(notBefore), end: millis(notAfter) }));

function overrideMillis(spec: CertificateSpec, times: Times): number {
  const rest = ((times.end - specifiedMillis(spec, times)) / 1000) * OVERRIDE.ofRest;
  return times.end - Math.round(Math.min(lifetimeOf(times) * OVERRIDE.ofLifetime, rest) * 1000);
}

/** The first instant from `from` on, and not before now, at which windows and freezes let a renewal be; the override's if there is none. */
function whenAllowed(
  { spec }: RenewalFacts,
  times: Times & { since: number },
  from: Instant,
  now: Instant | undefined,
): Omit<Need, 'reason'> {
  const atLatest = instant(Math.max(overrideMillis(spec, times), keptUntil(times)));
  const planned = allowedFrom(spec.renewal, from, atLatest) ?? atLatest;
  if (now === undefined || planned >= now || now >= atLatest) return { at: planned, atLatest };
  const again = allowedFrom(spec.renewal, now, atLatest) ?? atLatest;
  return { at: again === now ? planned : again, atLatest };
}

/** Until when what was just issued stays, in milliseconds; in any case before its end, unless it was over when it came. */
function keptUntil({ begin, end, since }: Times & { since: number }, most = KEPT): number {
  const rest = (end - Math.max(since, begin)) / 1000;
  return since + Math.round((rest > 0 ? Math.min(most, rest / 3) : KEPT) * 1000);
}

/** A number in [0, 1) that a text always has: FNV-1a, 32 bits. */
function share(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (mixed(hash) >>> 0) / 2 ** 32;
}

/** Texts that differ in their last character alone would otherwise get neighbouring numbers. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
