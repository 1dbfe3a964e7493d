import { durationSeconds, shortDuration } from '../../domain/duration.ts';
import { FAILOVER_DEFAULTS } from '../../domain/failover.ts';
import { fieldOf } from '../../domain/fieldPath.ts';
import { Findings } from '../../domain/inputInvalid.ts';
import type { AcmeIssuerSpec, FailoverSpec, IssuerSpec } from '../../domain/spec.ts';
import type { Defaults } from './common.ts';
import { checkHttps, normalizeCaBundle } from './endpoints.ts';
import type { AcmeInput, FailoverInput, IssuerSpecInput } from './issuer.ts';
import { normalizeRateLimits } from './normalizeRateLimits.ts';
import { normalizeSolver } from './normalizeSolver.ts';

/** `defaults`: whose, where the two differ (tsigAlgorithm). `at`: the spec's place in the input. */
export interface IssuerContext {
  readonly defaults: Defaults;
  readonly at?: string;
}

/**
 * An issuer's spec with every default taken. Normalizing the answer again changes nothing.
 * @throws InputInvalid with everything that is wrong
 */
export function normalizeIssuerSpec(input: IssuerSpecInput, context: IssuerContext): IssuerSpec {
  const { at = 'spec', defaults } = context;
  const findings = new Findings();
  const given = (['acme', 'ca', 'selfSigned'] as const).filter((type) => input[type] !== undefined);
  const remedy = 'give exactly one of acme, ca and selfSigned';
  if (given.length === 0) findings.add(at, 'IssuerTypeMissing', 'says no type of issuer', remedy);
  if (given.length > 1) findings.add(at, 'IssuerTypeTwice', `has ${given.join(' and ')}`, remedy);
  const acme = input.acme && normalizeAcme(input.acme, fieldOf(at, 'acme'), defaults, findings);
  const failover = input.failover && normalizeFailover(input.failover, fieldOf(at, 'failover'), findings);
  findings.throwIfAny();
  const type = acme ? { acme } : input.ca ? { ca: { secretName: input.ca.secretName } } : { selfSigned: {} };
  return { ...type, ...(failover && { failover }) };
}

/** Bounds of the durations in seconds: a minute to a week. */
const SHORTEST = 60;
const LONGEST = 7 * 86_400;

function normalizeFailover(input: FailoverInput, at: string, findings: Findings): FailoverSpec {
  const durationOf = (member: 'window' | 'back'): string => {
    const seconds = durationSeconds(input[member] ?? FAILOVER_DEFAULTS[member])!;
    if (seconds < SHORTEST || seconds > LONGEST)
      findings.add(fieldOf(at, member), 'DurationOutOfBounds', 'is not between 1m and 168h');
    return shortDuration(Math.round(seconds));
  };
  return {
    to: input.to.map(({ name, kind = 'Issuer' }) => ({ name, kind })),
    failures: input.failures ?? FAILOVER_DEFAULTS.failures,
    window: durationOf('window'),
    lifeLeft: input.lifeLeft ?? FAILOVER_DEFAULTS.lifeLeft,
    back: durationOf('back'),
  };
}

function normalizeAcme(input: AcmeInput, at: string, defaults: Defaults, findings: Findings): AcmeIssuerSpec {
  const { server, email, preferredChain, profile, skipTLSVerify, enableDurationFeature, privateKeySecretRef } = input;
  findings.attempt(() => checkHttps(server, fieldOf(at, 'server')));
  if (email && !/^[^@\s]+@[^@\s]+$/.test(email)) {
    findings.add(fieldOf(at, 'email'), 'InvalidEmail', 'is not a mail address');
  }
  const caBundle =
    input.caBundle && findings.attempt(() => normalizeCaBundle(input.caBundle!, fieldOf(at, 'caBundle')));
  const binding = input.externalAccountBinding;
  const rateLimits = input.rateLimits && normalizeRateLimits(input.rateLimits, fieldOf(at, 'rateLimits'), findings);
  return {
    server,
    ...(email && { email }),
    ...(preferredChain && { preferredChain }),
    ...(caBundle && { caBundle }),
    ...(skipTLSVerify && { skipTLSVerify }),
    ...(profile && { profile }),
    ...(enableDurationFeature && { enableDurationFeature }),
    ...(binding && { externalAccountBinding: { keyID: binding.keyID, keySecretRef: binding.keySecretRef } }),
    ...(privateKeySecretRef && { privateKeySecretRef }),
    ...(rateLimits && { rateLimits }),
    solvers: (input.solvers ?? []).map((solver, index) =>
      normalizeSolver(solver, fieldOf(at, 'solvers', index), defaults, findings),
    ),
  };
}
