import { type Destination, defaultSecretName } from '../../domain/destination.ts';
import { durationSeconds, shortDuration } from '../../domain/duration.ts';
import { fieldOf } from '../../domain/fieldPath.ts';
import { Findings } from '../../domain/inputInvalid.ts';
import type { CertificateSpec, Subject } from '../../domain/spec.ts';
import type { CertificateSpecInput } from './certificate.ts';
import type { Defaults } from './common.ts';
import { normalizeDestinations } from './normalizeDestinations.ts';
import { normalizeNames } from './normalizeNames.ts';
import { normalizePrivateKey } from './normalizePrivateKey.ts';
import { normalizeRenewal } from './normalizeRenewal.ts';

/** What the spec alone does not say. `defaults`: whose, where the two differ (the private key's kind). `at`: the spec's place in the input. */
export interface CertificateContext {
  readonly team: string;
  readonly name: string;
  readonly defaults: Defaults;
  readonly at?: string;
}

const DEFAULT_DURATION = '2160h';
const DEFAULT_USAGES = ['digital signature', 'key encipherment'];
const HOUR = 3600;
const SHORTEST_DURATION = HOUR;
/** A hundred years: longer is a slip, and dates of X.509 end with the year 9999. */
const LONGEST_DURATION = 876_000 * HOUR;
const SHORTEST_RENEW_BEFORE = 300;

/**
 * The spec with every default taken and every value in its normal form. Normalizing the answer again changes nothing.
 * @param input what the schema answered
 * @throws InputInvalid with everything that is wrong
 */
export function normalizeCertificateSpec(input: CertificateSpecInput, context: CertificateContext): CertificateSpec {
  const { at = 'spec' } = context;
  const findings = new Findings();
  const secretName = input.secretName ?? context.name;
  const names = normalizeNames(input, at, findings);
  const times = normalizeTimes(input, at, findings);
  const privateKey = normalizePrivateKey(input.privateKey ?? {}, context.defaults, fieldOf(at, 'privateKey'), findings);
  const destinations: Destination[] = normalizeDestinations(
    input.destinations ?? [],
    { namespace: context.team, secretName, awsName: defaultSecretName(context.team, context.name) },
    fieldOf(at, 'destinations'),
    findings,
  );
  const renewal = input.renewal && normalizeRenewal(input.renewal, fieldOf(at, 'renewal'), findings);
  checkTemplate(input, at, findings);
  const subject = normalizeSubject(input.subject);
  findings.throwIfAny();
  return {
    ...names,
    ...(subject && { subject }),
    issuerRef: { name: input.issuerRef.name, kind: input.issuerRef.kind ?? 'Issuer' },
    secretName,
    ...(input.secretTemplate && { secretTemplate: input.secretTemplate }),
    ...times,
    ...(renewal && { renewal }),
    privateKey,
    usages: input.usages?.length ? [...new Set(input.usages)] : DEFAULT_USAGES,
    isCA: input.isCA ?? false,
    ...(input.request && { request: input.request }),
    destinations,
  };
}

type Times = Pick<CertificateSpec, 'duration' | 'renewBefore' | 'renewBeforePercentage'>;

function normalizeTimes(input: CertificateSpecInput, at: string, findings: Findings): Times {
  const { renewBefore, renewBeforePercentage } = input;
  const lifetime = wholeSeconds(input.duration ?? DEFAULT_DURATION);
  if (lifetime < SHORTEST_DURATION) {
    findings.add(fieldOf(at, 'duration'), 'DurationTooShort', 'is shorter than 1h', 'ask for at least 1h');
  }
  if (lifetime > LONGEST_DURATION) {
    findings.add(fieldOf(at, 'duration'), 'DurationTooLong', 'is longer than 876000h (100 years)');
  }
  const times = { duration: shortDuration(lifetime) };
  if (renewBefore !== undefined && renewBeforePercentage !== undefined) {
    const field = fieldOf(at, 'renewBefore');
    findings.add(field, 'RenewBeforeTwice', 'is given together with renewBeforePercentage', 'keep one of the two');
  }
  if (renewBeforePercentage !== undefined) {
    if (renewBeforePercentage < 1 || renewBeforePercentage > 99) {
      findings.add(fieldOf(at, 'renewBeforePercentage'), 'InvalidPercentage', 'must be from 1 to 99');
    }
    return { ...times, renewBeforePercentage };
  }
  if (renewBefore === undefined) return times;
  const margin = wholeSeconds(renewBefore);
  checkMargin(margin, lifetime, fieldOf(at, 'renewBefore'), findings);
  return { ...times, renewBefore: shortDuration(margin) };
}

/** What the schema let through is a duration. Parts of a second are dropped before anything is compared. */
const wholeSeconds = (duration: string): number => Math.floor(durationSeconds(duration)!);

function checkMargin(margin: number, lifetime: number, field: string, findings: Findings): void {
  if (margin < SHORTEST_RENEW_BEFORE) {
    findings.add(field, 'RenewBeforeTooShort', 'is shorter than 5m', 'leave at least 5m for a renewal');
  } else if (margin >= lifetime) {
    const remedy = `make it shorter than duration (${shortDuration(lifetime)}), or leave it out for a third of the lifetime`;
    findings.add(
      field,
      'RenewBeforeNotBelowDuration',
      'is not below duration: the certificate would always be due',
      remedy,
    );
  }
}

/** Keys under which the delivered Secret carries our own marks, and cert-manager's for tools that read them. */
const OWN_ANNOTATIONS = /^(?:[a-z0-9.-]+\.)?(?:cert-manager\.io|chancery\.dev)\//;
const FREE_ANNOTATION = 'cert-manager.io/allow-direct-injection';

function checkTemplate(input: CertificateSpecInput, at: string, findings: Findings): void {
  for (const member of ['labels', 'annotations'] as const) {
    for (const key of Object.keys(input.secretTemplate?.[member] ?? {})) {
      if (!OWN_ANNOTATIONS.test(key) || key === FREE_ANNOTATION) continue;
      const field = fieldOf(at, 'secretTemplate', member, key);
      findings.add(field, 'ReservedKey', 'is written by the delivery itself', 'leave it out');
    }
  }
}

/** A subject without empty lists; none at all when nothing is left. */
function normalizeSubject(subject: CertificateSpecInput['subject']): Subject | undefined {
  const members = Object.entries(subject ?? {}).filter(([, value]) => value !== undefined && value.length > 0);
  return members.length > 0 ? Object.fromEntries(members) : undefined;
}
