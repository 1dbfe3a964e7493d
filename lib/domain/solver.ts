import type { Identifier } from './identifier.ts';
import { Refusal } from './refusal.ts';
import type { Solver, SolverSelector } from './spec.ts';

/** How control of an identifier is proved here (RFC 8555 8.3, 8.4). */
export type ChallengeType = 'dns-01' | 'http-01';

/** The solver that serves an identifier, and the challenge that it takes. */
export interface SelectedSolver {
  readonly solver: Solver;
  readonly type: ChallengeType;
}

/** How closely a selector fits: an exact name before any zone, then the zone with most labels. */
interface Fit {
  readonly exact: boolean;
  readonly zoneLabels: number;
}

const ALL: readonly ChallengeType[] = ['dns-01', 'http-01'];

/**
 * Chooses as cert-manager does: an exact name in `dnsNames` wins, then the longest of `dnsZones`, then the order in the list. A selector with
 * both must match in both. A wildcard takes dns-01 only (RFC 8555 7.1.3), an IP address http-01 only (RFC 8738 7).
 *
 * @param identifier as an authorization has it (`example.com` with `wildcard`), or as an order has it (`*.example.com`)
 * @param offered challenge types that the CA offers for it; others are not chosen
 * @returns undefined when no solver serves the identifier
 */
export function selectSolver(
  solvers: readonly Solver[],
  identifier: Identifier,
  wildcard: boolean,
  offered: readonly string[] = ALL,
): SelectedSolver | undefined {
  const name = requestedName(identifier, wildcard);
  const allowed = allowedTypes(identifier, name).filter((type) => offered.includes(type));
  let best: (SelectedSolver & { readonly fit: Fit }) | undefined;
  for (const solver of solvers) {
    const type = allowed.find((candidate) => takes(solver, candidate));
    const fit = type && fitOf(solver.selector, name, identifier.type);
    if (type && fit && (!best || closer(fit, best.fit))) best = { solver, type, fit };
  }
  return best && { solver: best.solver, type: best.type };
}

/**
 * Why no solver could prove an identifier, known before anything is ordered: `WildcardNeedsDns01` when solvers cover the wildcard but none
 * of them speaks dns-01, `NoSolverMatches` otherwise. Undefined when one serves it.
 *
 * @param field where the identifier stands in the input
 */
export function solverRefusal(
  solvers: readonly Solver[],
  identifier: Identifier,
  wildcard: boolean,
  field?: string,
): Refusal | undefined {
  if (selectSolver(solvers, identifier, wildcard)) return undefined;
  const name = requestedName(identifier, wildcard);
  const where = field === undefined ? {} : { field };
  if (isWildcard(name) && solvers.some(({ selector }) => fitOf(selector, name, identifier.type))) {
    const remedy = 'add a dns01 solver whose selector covers the name to the issuer, or ask for the names one by one';
    const message = `${name} is a wildcard, which only a dns01 solver can prove; the issuer has none for it`;
    return new Refusal('WildcardNeedsDns01', message, { ...where, remedy });
  }
  const remedy =
    identifier.type === 'ip'
      ? 'add an http01 solver to the issuer: an IP address cannot be proved by dns01'
      : "add a solver whose selector covers the name to the issuer, or correct the selectors' dnsNames and dnsZones";
  return new Refusal('NoSolverMatches', `no solver of the issuer serves ${name}`, { ...where, remedy });
}

/** Refuses, at request time, the first name that the issuer's solvers cannot prove. @throws Refusal as {@link solverRefusal} says */
export function checkSolvers(
  solvers: readonly Solver[],
  names: { readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] },
): void {
  const check = (type: Identifier['type'], value: string, field: string) => {
    const refusal = solverRefusal(solvers, { type, value }, false, field);
    if (refusal) throw refusal;
  };
  for (const [index, value] of names.dnsNames.entries()) check('dns', value, `spec.dnsNames[${index}]`);
  for (const [index, value] of names.ipAddresses.entries()) check('ip', value, `spec.ipAddresses[${index}]`);
}

const isWildcard = (name: string): boolean => name.startsWith('*.');

function requestedName({ value }: Identifier, wildcard: boolean): string {
  return wildcard && !isWildcard(value) ? `*.${value}` : value;
}

function allowedTypes(identifier: Identifier, name: string): readonly ChallengeType[] {
  if (identifier.type === 'ip') return ['http-01'];
  return isWildcard(name) ? ['dns-01'] : ALL;
}

function takes(solver: Solver, type: ChallengeType): boolean {
  return type === 'dns-01' ? solver.dns01 !== undefined : solver.http01 !== undefined;
}

function fitOf(selector: SolverSelector | undefined, name: string, type: Identifier['type']): Fit | undefined {
  const { dnsNames = [], dnsZones = [] } = selector ?? {};
  const exact = dnsNames.some((candidate) => normal(candidate) === name);
  if (dnsNames.length > 0 && !exact) return undefined;
  const zoneLabels = type === 'ip' ? 0 : Math.max(0, ...dnsZones.map((zone) => labelsOfMatch(normal(zone), name)));
  if (dnsZones.length > 0 && zoneLabels === 0) return undefined;
  return { exact, zoneLabels };
}

/** Labels of `zone` when `name` is the zone itself or below it; otherwise 0. The root zone matches nothing, as in cert-manager. */
function labelsOfMatch(zone: string, name: string): number {
  if (zone === '' || (name !== zone && !name.endsWith(`.${zone}`))) return 0;
  return zone.split('.').length;
}

/** Strictly closer only, so that equals keep their order in the list. */
function closer(a: Fit, b: Fit): boolean {
  return a.exact === b.exact ? a.zoneLabels > b.zoneLabels : a.exact;
}

const normal = (name: string): string => name.toLowerCase().replace(/\.$/, '');
