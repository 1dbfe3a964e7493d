import { certificateDecider } from '../domain/certificate.decide.ts';
import { type CertificateState, renewAt, whyUnfit } from '../domain/certificate.ts';
import { challengesOf } from '../domain/challenge.ts';
import { type ClusterState, clusterDecider } from '../domain/cluster.ts';
import { type CredentialState, credentialDecider } from '../domain/credential.ts';
import { type Decider, type DomainEvent, UnknownEvent } from '../domain/decider.ts';
import { deliveryDecider } from '../domain/delivery.decide.ts';
import { type DeliveryState, isClaimed, isOwed } from '../domain/delivery.ts';
import { issuanceDecider } from '../domain/issuance.decide.ts';
import { type IssuanceState, isOpen } from '../domain/issuance.ts';
import { type IssuerState, issuerDecider, SHARED } from '../domain/issuer.ts';
import { issuerLabel } from '../domain/issuerLabel.ts';
import { soonEnd } from '../domain/lifeLeft.ts';
import { type TeamState, teamDecider } from '../domain/team.ts';
import { type TokenState, tokenDecider } from '../domain/token.ts';
import type { Watch } from '../ports/views.ts';
import type { Services } from './services.ts';

export const CERTIFICATES = 'certificates';
export const ISSUANCES = 'issuances';
export const DELIVERIES = 'deliveries';
export const ISSUERS = 'issuers';
export const CREDENTIALS = 'credentials';
export const CLUSTERS = 'clusters';
export const TEAMS = 'teams';
export const TOKENS = 'tokens';

type Doc = Readonly<Record<string, unknown>>;

/** How one kind of stream becomes at most one row of one view. `row` answers undefined where none is to be. */
interface Projection<S> {
  readonly view: string;
  // biome-ignore lint/suspicious/noExplicitAny: commands do not matter to a projection
  readonly decider: Decider<any, S, any>;
  row(state: S, segments: readonly string[]): { owner: string; doc: Doc; watch?: Watch } | undefined;
}

function projection<S, E extends DomainEvent>(
  view: string,
  // biome-ignore lint/suspicious/noExplicitAny: commands do not matter to a projection
  decider: Decider<any, S, E>,
  row: Projection<S>['row'],
): Projection<S> {
  return { view, decider, row };
}

const PROJECTIONS: Readonly<Record<string, Projection<never>>> = {
  certificate: projection(CERTIFICATES, certificateDecider, certificateRow),
  issuance: projection(ISSUANCES, issuanceDecider, issuanceRow),
  delivery: projection(DELIVERIES, deliveryDecider, deliveryRow),
  issuer: projection(ISSUERS, issuerDecider, issuerRow),
  credential: projection(CREDENTIALS, credentialDecider, credentialRow),
  cluster: projection(CLUSTERS, clusterDecider, clusterRow),
  team: projection(TEAMS, teamDecider, teamRow),
  token: projection(TOKENS, tokenDecider, tokenRow),
} as unknown as Readonly<Record<string, Projection<never>>>;

function certificateRow(state: CertificateState, [, team, name]: readonly string[]) {
  if (state.status !== 'live') return undefined;
  const { uid, generation, spec, createdAt, issuing, issued, dispatched } = state;
  const doc = {
    name,
    uid,
    generation,
    dnsNames: spec.dnsNames,
    secretName: spec.secretName,
    issuerName: spec.issuerRef.name,
    issuerKind: spec.issuerRef.kind,
    createdAt,
    issuingRevision: issuing?.revision,
    revision: issued?.revision,
    issuedGeneration: issued?.generation,
    serial: issued?.serial,
    fingerprint: issued?.fingerprint,
    notBefore: issued?.notBefore,
    notAfter: issued?.notAfter,
    renewalTime: renewAt(state),
    ready: issued !== undefined && whyUnfit(state) === undefined,
    destinations: dispatched?.destinations ?? [],
  };
  // Who reads in this order wants those first whose life is nearly over, however long it was.
  const expires = issued && soonEnd(issued.notBefore, issued.notAfter);
  const watch = { expires, owed: doc.renewalTime, issuer: issuerLabel(team!, spec.issuerRef) };
  return { owner: team!, doc, watch };
}

function issuanceRow(state: IssuanceState) {
  if (state.status === 'absent') return undefined;
  const { certificate, uid, revision, run, status, failure, problem, requestedAt, failingSince, identifiers } = state;
  const owner = certificate.split('/')[0]!;
  const challenges = challengesOf(state);
  const doc = {
    ...{ certificate, uid, revision, run, status, open: isOpen(state), requestedAt, failure, problem },
    ...(status === 'failed' && { identifiers, failingSince }),
    ...(challenges.length > 0 && { challenges }),
  };
  return { owner, doc, watch: issuanceWatch(state, issuerLabel(owner, state.issuer), challenges.length > 0) };
}

/**
 * Of issuances, there are ever more; only those that fail need attention. Behind them, by when they go on, can be found those that a limit holds
 * back, and those whose challenges are under way.
 */
function issuanceWatch(
  { status, requestedAt, deferral, dueAt }: IssuanceState,
  issuer: string,
  challenged: boolean,
): Watch | undefined {
  if (status === 'failed') return { owed: requestedAt, issuer, failing: true };
  const held = status === 'deferred' && deferral?.reason === 'RateLimited';
  return held || challenged ? { owed: dueAt, issuer, failing: false } : undefined;
}

function deliveryRow(state: DeliveryState) {
  if (!isClaimed(state) || !state.desired || !state.destination) return undefined;
  const { status, destination, desired, observed, failure } = state;
  const doc = { certificate: desired.certificate, uid: desired.uid, status, destination, desired, observed, failure };
  const watch = isOwed(state)
    ? { owed: state.owedSince, failing: status === 'failed' || status === 'refused' }
    : undefined;
  return { owner: desired.certificate.split('/')[0]!, doc, watch };
}

function issuerRow(state: IssuerState, [, owner, name]: readonly string[]) {
  if (state.status !== 'configured') return undefined;
  const { generation, spec, ready, reason, message, since, diverted } = state;
  return { owner: owner!, doc: { name, generation, spec, ready, reason, message, since, diverted } };
}

function credentialRow(state: CredentialState, [, owner, name]: readonly string[]) {
  if (!state.ref) return undefined;
  const { kind, fields, sealedAt } = state;
  return { owner: owner!, doc: { name, kind, fields, sealedAt } };
}

function clusterRow(state: ClusterState, [, name]: readonly string[]) {
  if (state.status !== 'registered') return undefined;
  const { endpoint, caFingerprint, reachable, version, reason, since } = state;
  return { owner: SHARED, doc: { name, endpoint, caFingerprint, reachable, version, reason, since } };
}

function teamRow(state: TeamState, [, name]: readonly string[]) {
  if (state.status !== 'live') return undefined;
  return { owner: name!, doc: { name, policyVersion: state.policyVersion, policy: state.policy } };
}

function tokenRow(state: TokenState, [, id]: readonly string[]) {
  if (state.status === 'absent') return undefined;
  const { status, team, verbs, expires, issuedAt, description } = state;
  return { owner: team, doc: { id, status, team, verbs, expires, issuedAt, description } };
}

type Needs = Pick<Services, 'ledger' | 'views'>;

/**
 * Brings the stream's row to what the ledger says now. What told us is only a hint: repeats, gaps and reordering change nothing, because the
 * row is made from the stream's newest state and carries its version.
 * @param hinted version that the feed tells of; when the stream is further already, the feed tells of that too, and this turn is left out
 */
export async function project({ ledger, views }: Needs, stream: string, hinted?: number): Promise<void> {
  const segments = stream.split('/');
  const found = PROJECTIONS[segments[0]!];
  if (!found) return;
  const { state, version } = await ledger.load(found.decider, stream);
  if (hinted !== undefined && version > hinted) return;
  const key = segments.slice(1).join('/');
  const row = found.row(state, segments);
  if (row) await views.put({ view: found.view, key, version, ...row });
  else await views.remove(found.view, key, version);
}

/** The same, but a stream with an event of a newer release is left alone with an alarm: it is parked, and the others go on. */
export async function projectOrPark(
  services: Needs & Pick<Services, 'log'>,
  stream: string,
  hinted?: number,
): Promise<void> {
  try {
    await project(services, stream, hinted);
  } catch (error) {
    if (!(error instanceof UnknownEvent)) throw error;
    services.log.error('stream parked: it holds an event of a newer release', { stream, error: error.message });
  }
}
