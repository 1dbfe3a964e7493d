import { clusterDecider, clusterStream } from '../domain/cluster.ts';
import { csrMatches } from '../domain/csr.ts';
import { deliveryDecider } from '../domain/delivery.decide.ts';
import { deliveryStream, isClaimed } from '../domain/delivery.ts';
import { type Destination, destinationKey } from '../domain/destination.ts';
import { configuredIssuer, issuerDecider, issuerOwner, issuerStream } from '../domain/issuer.ts';
import { publicNameProblem } from '../domain/names.ts';
import { checkKey, checkPolicy, type TeamPolicy } from '../domain/policy.ts';
import { Refusal } from '../domain/refusal.ts';
import { checkSolvers } from '../domain/solver.ts';
import type { AcmeIssuerSpec, CertificateSpec, IssuerSpec } from '../domain/spec.ts';
import { CSR, readCsrOf } from './csrNames.ts';
import type { Services } from './services.ts';

/** What was gathered about a request before it is judged. `at` is the spec's place in the input. */
export interface RequestToCheck {
  readonly team: string;
  readonly name: string;
  readonly spec: CertificateSpec;
  readonly policy: TeamPolicy;
  /** Certificates that the team has, this one not counted. */
  readonly certificateCount: number;
  readonly isNew: boolean;
  /** Issuers of the same batch, by stream: they count as configured. */
  readonly batchIssuers?: ReadonlyMap<string, IssuerSpec>;
  /** Directories under which directory destinations may lie. */
  readonly directoryRoots: readonly string[];
}

type Needs = Pick<Services, 'ledger' | 'x509'>;

/**
 * Judges a request before anything is done: the team's policy, the issuer and what it can prove, a CSR, the destinations.
 * @throws Refusal that says which rule is broken, where, and what to do
 */
export async function checkRequest(services: Needs, request: RequestToCheck): Promise<void> {
  const { policy, spec, certificateCount, isNew } = request;
  checkPolicy(policy, spec, { certificateCount, isNew });
  const issuer = await issuerSpecOf(services, request);
  if (issuer.acme) checkAcme(issuer.acme, spec);
  if (spec.request !== undefined) await checkCsr(services, issuer, policy, spec, spec.request);
  for (const [index, destination] of spec.destinations.entries()) {
    await checkDestination(services, request, destination, `spec.destinations[${index}]`);
  }
}

async function issuerSpecOf({ ledger }: Needs, { team, spec, batchIssuers }: RequestToCheck): Promise<IssuerSpec> {
  const { issuerRef } = spec;
  const stream = issuerStream(issuerOwner(issuerRef, team), issuerRef.name);
  const batch = batchIssuers?.get(stream);
  return batch ?? configuredIssuer((await ledger.load(issuerDecider, stream)).state, issuerRef).spec;
}

/** What no ACME CA would certify is refused before an order fails for it. */
function checkAcme(acme: AcmeIssuerSpec, spec: CertificateSpec): void {
  if (spec.isCA) {
    throw new Refusal('AcmeNoCa', 'an ACME CA signs no CA certificates', {
      field: 'spec.isCA',
      remedy: 'use an issuer of type selfSigned or ca',
    });
  }
  for (const [index, name] of spec.dnsNames.entries()) {
    const problem = publicNameProblem(name);
    if (!problem) continue;
    const remedy = 'use a longer name, or an issuer of type ca';
    throw new Refusal(problem.code, problem.message, { field: `spec.dnsNames[${index}]`, remedy });
  }
  const others = (['uris', 'emailAddresses'] as const).find((member) => spec[member].length > 0);
  if (others || spec.dnsNames.length + spec.ipAddresses.length === 0) {
    throw new Refusal('AcmeNameKind', 'an ACME CA certifies DNS names and IP addresses only', {
      field: `spec.${others ?? 'dnsNames'}`,
      remedy: 'use dnsNames and ipAddresses, or an issuer of type ca',
    });
  }
  checkSolvers(acme.solvers, spec);
}

async function checkCsr(
  { x509 }: Needs,
  issuer: IssuerSpec,
  policy: TeamPolicy,
  spec: CertificateSpec,
  request: string,
): Promise<void> {
  if (issuer.selfSigned) {
    throw new Refusal(
      'CsrNeedsCa',
      'a selfSigned issuer signs with the certificate’s own key, which a CSR keeps away',
      {
        field: CSR,
        remedy: 'leave request out, or use an issuer of type ca or acme',
      },
    );
  }
  const csr = await readCsrOf(x509, request);
  csrMatches(spec, csr);
  checkKey(policy, csr.keyKind, CSR);
}

async function checkDestination(
  { ledger }: Needs,
  { team, name, directoryRoots }: RequestToCheck,
  destination: Destination,
  field: string,
): Promise<void> {
  if (destination.kind === 'directory') checkDirectory(destination.path, directoryRoots, field);
  if (destination.kind === 'kubernetes') {
    const { state } = await ledger.load(clusterDecider, clusterStream(destination.cluster));
    if (state.status !== 'registered') {
      throw new Refusal('ClusterUnknown', `there is no cluster ${destination.cluster}`, {
        field: `${field}.cluster`,
        remedy: 'register it, or correct the name',
      });
    }
  }
  const { state } = await ledger.load(deliveryDecider, deliveryStream(destinationKey(destination)));
  const holder = isClaimed(state) ? state.desired?.certificate : undefined;
  if (holder !== undefined && holder !== `${team}/${name}`) throw destinationTaken(team, holder, field);
}

/** The refusal for a destination that another certificate has; whose is told to its own team alone. */
export function destinationTaken(team: string, holder: string, field: string): Refusal {
  const who = holder.startsWith(`${team}/`) ? `certificate ${holder}` : 'a certificate of another team';
  return new Refusal('DestinationTaken', `${who} has this destination`, {
    field,
    remedy: 'name another destination, or delete the other certificate first',
  });
}

function checkDirectory(path: string, roots: readonly string[], field: string): void {
  if (roots.some((root) => path.startsWith(`${root.replace(/\/+$/, '')}/`))) return;
  const allowed = roots.length > 0 ? roots.join(', ') : 'none';
  throw new Refusal('DirectoryNotAllowed', 'the directory is not below a root that the operator allowed', {
    field,
    remedy: `allowed roots: ${allowed}; an operator sets them when the service starts`,
  });
}
