import { certificateDecider } from '../domain/certificate.decide.ts';
import { destinationKey } from '../domain/destination.ts';
import { fieldOf, parseField } from '../domain/fieldPath.ts';
import { type InputError, InputInvalid, inputErrors } from '../domain/inputInvalid.ts';
import { issuerDecider, issuerStream, SHARED } from '../domain/issuer.ts';
import { Refusal } from '../domain/refusal.ts';
import type { CertificateSpec, IssuerSpec } from '../domain/spec.ts';
import { destinationTaken } from './certificateChecks.ts';
import { loadCertificate } from './certificateFacts.ts';
import { checkCertificate, completeSpec, type RequestContext, requestCertificate } from './certificates.ts';
import { checkIssuer, putIssuer } from './issuers.ts';
import { issuerWarnings } from './issuerWarnings.ts';
import type { Meta } from './ledger.ts';
import type { Warning } from './schema/answers.ts';
import type { ApplyResource } from './schema/apply.ts';
import { checkName, labelName, subdomainName } from './schema/common.ts';
import { readCertificateSpec, readIssuerSpec } from './schema/read.ts';
import type { Services } from './services.ts';
import { policyFor } from './teamPolicy.ts';
import { SHARED_NAMESPACE } from './teams.ts';
import { warningsOf } from './warnings.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'x509' | 'clock' | 'ids'>;

interface Place {
  readonly team: string;
  readonly name: string;
}
type Certificate = Place & { readonly kind: 'Certificate'; readonly spec: CertificateSpec };
type Issuer = Place & { readonly kind: 'Issuer' | 'ClusterIssuer'; readonly spec: IssuerSpec };
type Resource = Certificate | Issuer;

export interface Applied {
  readonly kind: Resource['kind'];
  readonly team: string;
  readonly name: string;
  readonly outcome: 'created' | 'configured' | 'unchanged';
  readonly version: number;
  readonly warnings?: readonly Warning[];
}

/** The team that a resource of a batch is for. Shared issuers are the shared owner's, and so is what stands in its namespace. */
export const teamOfResource = ({ kind, team }: ApplyResource): string =>
  kind === 'ClusterIssuer' || team === SHARED_NAMESPACE ? SHARED : (team ?? '');

/**
 * Applies a batch: all of it is judged before anything is done, and when anything is wrong nothing is done. Issuers of the batch count as
 * configured for its certificates, and come first.
 * @returns what became of each resource, in the order of the batch
 * @throws InputInvalid with all that is wrong, each error with `document` and `line` of its resource
 */
export async function applyBatch(
  services: Needs,
  inputs: readonly ApplyResource[],
  context: Pick<RequestContext, 'directoryRoots' | 'defaultDestination'> & {
    readonly meta: Meta;
    readonly dryRun?: boolean;
  },
): Promise<Applied[]> {
  const faults = new Faults(inputs);
  const resources = await Promise.all(inputs.map((input, index) => faults.attempt(index, () => read(input))));
  refuseTwins(resources, faults);
  const batchIssuers = new Map(
    resources
      .filter((one): one is Issuer => one !== undefined && one.kind !== 'Certificate')
      .map(({ team, name, spec }) => [issuerStream(team, name), spec]),
  );
  const { directoryRoots, defaultDestination } = context;
  const requestContext = { directoryRoots, defaultDestination, batchIssuers };
  await checkAll(services, resources, requestContext, faults);
  faults.throwIfAny();
  const outcomes: Applied[] = new Array(resources.length);
  for (const [index, resource] of issuersFirst(resources as Resource[])) {
    outcomes[index] = context.dryRun
      ? await foresee(services, resource, requestContext)
      : await put(services, resource, { ...requestContext, meta: context.meta });
  }
  return outcomes;
}

/** Specs of a batch were made normal by the reader of manifests; our own defaults leave them as they are. */
function read(input: ApplyResource): Resource {
  const { kind, spec } = input;
  const team = teamOfResource(input);
  if (team !== SHARED) checkName(labelName, team, 'team');
  const name = checkName(subdomainName, input.name, 'name');
  if (kind === 'Certificate') {
    return { kind, team, name, spec: readCertificateSpec(spec, { team, name, defaults: 'chancery' }) };
  }
  if (kind === 'ClusterIssuer' && (input.team ?? SHARED) !== SHARED) {
    throw new Refusal('SharedHasNoTeam', 'a ClusterIssuer belongs to no team', {
      field: 'team',
      remedy: 'leave it out',
    });
  }
  return { kind, team, name, spec: readIssuerSpec(spec, { defaults: 'chancery' }) };
}

/** Two resources of one name, or two certificates for one destination, would each undo the other. */
function refuseTwins(resources: readonly (Resource | undefined)[], faults: Faults): void {
  const names = new Set<string>();
  const claims = new Map<string, string>();
  resources.forEach((resource, index) => {
    if (!resource) return;
    const { kind, team, name } = resource;
    const key = `${kind === 'Certificate' ? kind : 'Issuer'}/${team}/${name}`;
    if (names.has(key)) {
      const message = `${kind} ${name} stands in this batch already`;
      faults.add(index, new Refusal('DuplicateResource', message, { field: 'name', remedy: 'keep one of the two' }));
    }
    names.add(key);
    if (kind !== 'Certificate') return;
    resource.spec.destinations.forEach((destination, position) => {
      const place = destinationKey(destination);
      const holder = claims.get(place) ?? `${team}/${name}`;
      claims.set(place, holder);
      if (holder === `${team}/${name}`) return;
      faults.add(index, destinationTaken(team, holder, `spec.destinations[${position}]`));
    });
  });
}

async function checkAll(
  services: Needs,
  resources: readonly (Resource | undefined)[],
  context: RequestContext,
  faults: Faults,
): Promise<void> {
  const counts = new Map<string, number>();
  for (const [index, resource] of resources.entries()) {
    if (!resource) continue;
    await faults.attempt(index, async () => {
      const { team } = resource;
      if (resource.kind !== 'Certificate') return checkIssuer(services, team, resource.name, resource.spec);
      const batchCount = counts.get(team) ?? 0;
      const { isNew } = await checkCertificate(services, resource, { ...context, batchCount });
      if (isNew) counts.set(team, batchCount + 1);
    });
  }
}

/** With their places in the batch. A sort keeps the order of equals. */
const issuersFirst = (resources: readonly Resource[]): [number, Resource][] =>
  [...resources.entries()].sort(([, a], [, b]) => Number(a.kind === 'Certificate') - Number(b.kind === 'Certificate'));

async function put(
  services: Needs,
  resource: Resource,
  context: RequestContext & { readonly meta: Meta },
): Promise<Applied> {
  const { kind, team, name } = resource;
  if (kind !== 'Certificate') {
    const { created, changed, version } = await putIssuer(
      services,
      { owner: team, name, spec: resource.spec },
      context.meta,
    );
    const warnings = await issuerWarnings(services, team, resource.spec, context.batchIssuers);
    return { kind, team, name, outcome: outcomeOf(created, changed), version, ...someWarnings(warnings) };
  }
  const { created, changed, version, view } = await requestCertificate(services, resource, context);
  return { kind, team, name, outcome: outcomeOf(created, changed), version, ...someWarnings(view.warnings) };
}

/** What {@link put} would answer. */
async function foresee(services: Needs, resource: Resource, context: RequestContext): Promise<Applied> {
  const { kind, team, name } = resource;
  const now = services.clock.now();
  if (kind !== 'Certificate') {
    const { state, version } = await services.ledger.load(issuerDecider, issuerStream(team, name));
    const changed = issuerDecider.decide({ type: 'Configure', spec: resource.spec }, state, now).length > 0;
    const outcome = outcomeOf(changed && state.status !== 'configured', changed);
    const warnings = await issuerWarnings(services, team, resource.spec, context.batchIssuers);
    return { kind, team, name, outcome, version, ...someWarnings(warnings) };
  }
  const { state, version } = await loadCertificate(services, team, name);
  const { policy } = await policyFor(services, team);
  const spec = await completeSpec(services, resource, policy, context);
  const command = { type: 'Request', uid: services.ids.uuid(), spec, policyVersion: 0 } as const;
  const changed = certificateDecider.decide(command, state, now).length > 0;
  const warnings = warningsOf({ ...(state.status === 'live' && state), spec }, now);
  const outcome = outcomeOf(changed && state.status !== 'live', changed);
  return { kind, team, name, outcome, version, ...someWarnings(warnings) };
}

const someWarnings = (warnings: readonly Warning[] = []): Pick<Applied, 'warnings'> =>
  warnings.length > 0 ? { warnings } : {};

const outcomeOf = (created: boolean, changed: boolean): Applied['outcome'] =>
  created ? 'created' : changed ? 'configured' : 'unchanged';

/** Gathers what is wrong, resource by resource. */
class Faults {
  readonly #inputs: readonly ApplyResource[];
  readonly #errors: { readonly index: number; readonly error: InputError }[] = [];

  constructor(inputs: readonly ApplyResource[]) {
    this.#inputs = inputs;
  }

  add(index: number, refusal: Refusal): void {
    const { document, line } = this.#inputs[index]!;
    for (const error of inputErrors(refusal)) {
      const field = fieldOf('resources', index, ...parseField(error.field ?? ''));
      this.#errors.push({ index, error: { ...error, field, ...(document && { document }), ...(line && { line }) } });
    }
  }

  /** Runs `work`. A Refusal becomes faults and the answer undefined; every other error is thrown on. */
  async attempt<T>(index: number, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.add(index, error);
      return undefined;
    }
  }

  /** @throws InputInvalid when anything was found, in the order of the batch */
  throwIfAny(): void {
    const sorted = this.#errors.sort((a, b) => a.index - b.index);
    if (sorted.length > 0) throw new InputInvalid(sorted.map(({ error }) => error));
  }
}
