import { certificateDecider, ofTeam } from '../domain/certificate.decide.ts';
import { type CertificateState, certificateStream, type Issued, type LiveCertificate } from '../domain/certificate.ts';
import { defaultSecretName } from '../domain/destination.ts';
import { issuanceDecider } from '../domain/issuance.decide.ts';
import { issuanceStream } from '../domain/issuance.ts';
import { allowsDestination, type TeamPolicy } from '../domain/policy.ts';
import { Refusal } from '../domain/refusal.ts';
import type { CertificateSpec, IssuerSpec } from '../domain/spec.ts';
import { checkRequest } from './certificateChecks.ts';
import { certificateNotFound, factsOf, loadCertificate } from './certificateFacts.ts';
import { certificateView } from './certificateView.ts';
import { withCsrNames } from './csrNames.ts';
import { heldKey } from './heldKey.ts';
import { type Meta, StaleVersion } from './ledger.ts';
import { CERTIFICATES } from './projections.ts';
import type { Services } from './services.ts';
import { type PolicyOfTeam, policyFor } from './teamPolicy.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'x509' | 'clock' | 'ids'>;

/** A certificate that somebody asks for. */
export interface CertificateRequest {
  readonly team: string;
  readonly name: string;
  readonly spec: CertificateSpec;
}

/** What the request alone does not say. `defaultDestination`: where a certificate goes that names none; nowhere when absent. */
export interface RequestContext {
  readonly directoryRoots: readonly string[];
  readonly defaultDestination?: 'secretsManager';
  readonly batchIssuers?: ReadonlyMap<string, IssuerSpec>;
  /** New certificates of the same team that stand before it in the same batch. */
  readonly batchCount?: number;
}

/**
 * The spec as it is recorded: with the names of its certificate request, the team's times of renewal and the default destination, where it says
 * none itself.
 * @throws Refusal as {@link withCsrNames}
 */
export async function completeSpec(
  { x509 }: Pick<Needs, 'x509'>,
  request: CertificateRequest,
  policy: TeamPolicy,
  defaults: Pick<RequestContext, 'defaultDestination'>,
): Promise<CertificateSpec> {
  const asked = await withCsrNames(x509, request.spec);
  const renewal = asked.renewal ?? ofTeam(policy.renewal);
  const spec = renewal ? { ...asked, renewal } : asked;
  return withDefaultDestination({ ...request, spec }, policy, defaults);
}

/**
 * The spec with the default destination, where it names none. A CA's key is not copied unasked, and what the team's policy does not allow is
 * left out: the certificate then stays in the vault alone.
 */
function withDefaultDestination(
  { team, name, spec }: CertificateRequest,
  policy: TeamPolicy,
  { defaultDestination: kind }: Pick<RequestContext, 'defaultDestination'>,
): CertificateSpec {
  if (!kind || spec.destinations.length > 0 || spec.isCA) return spec;
  const destination = { kind, name: defaultSecretName(team, name) } as const;
  return allowsDestination(policy, destination) ? { ...spec, destinations: [destination] } : spec;
}

/**
 * Checks everything about a request and changes nothing.
 * @returns the policy that it was checked against, the spec as it is recorded, and whether the name has no living certificate yet
 * @throws Refusal as {@link checkRequest}, and `TeamNotFound`
 */
export async function checkCertificate(
  services: Needs,
  request: CertificateRequest,
  { directoryRoots, batchIssuers, batchCount = 0, ...defaults }: RequestContext,
): Promise<PolicyOfTeam & { readonly spec: CertificateSpec; readonly isNew: boolean }> {
  const { team, name } = request;
  const { policy, policyVersion } = await policyFor(services, team);
  const spec = await completeSpec(services, request, policy, defaults);
  const isNew = (await loadCertificate(services, team, name)).state.status !== 'live';
  // The count comes from a view, a moment behind: a quota is a bound for the careless, not for the quick.
  const certificateCount = (isNew ? await services.views.count(CERTIFICATES, { owner: team }) : 0) + batchCount;
  await checkRequest(services, { team, name, spec, policy, certificateCount, isNew, batchIssuers, directoryRoots });
  return { policy, policyVersion, spec, isNew };
}

/**
 * Asks for a certificate. The same spec again changes nothing.
 * @param options `expected`: the version that the caller saw; `dryRun`: answers what would be, and changes nothing
 * @throws Refusal as {@link checkCertificate}; StaleVersion
 */
export async function requestCertificate(
  services: Needs,
  request: CertificateRequest,
  context: RequestContext & { readonly meta: Meta; readonly expected?: number; readonly dryRun?: boolean },
) {
  const { policyVersion, spec } = await checkCertificate(services, request, context);
  const { team, name } = request;
  const uid = services.ids.uuid();
  const command = { type: 'Request', uid, spec, policyVersion } as const;
  if (context.dryRun) return wouldBe(services, request, command, context.expected);
  const stream = certificateStream(team, name);
  const handled = await services.ledger.handle(certificateDecider, stream, command, context.meta, context.expected);
  const changed = handled.events.length > 0;
  return { ...(await answer(services, team, name, handled)), changed, created: createdBy(handled.state, uid) };
}

/** What the command would lead to. */
async function wouldBe(
  services: Needs,
  { team, name }: CertificateRequest,
  command: Parameters<typeof certificateDecider.decide>[0] & { readonly uid: string },
  expected: number | undefined,
) {
  const { state, version } = await loadCertificate(services, team, name);
  if (expected !== undefined && expected !== version) throw new StaleVersion(version);
  const now = services.clock.now();
  const events = certificateDecider.decide(command, state, now);
  const next = events.reduce((s, event) => certificateDecider.evolve(s, event, now), state);
  const view = await answer(services, team, name, { state: next, version });
  return { ...view, changed: events.length > 0, created: createdBy(next, command.uid) };
}

const createdBy = (state: { readonly uid?: string }, uid: string): boolean => state.uid === uid;

async function answer(
  services: Pick<Needs, 'ledger' | 'clock'>,
  team: string,
  name: string,
  loaded: Parameters<typeof factsOf>[3],
) {
  const facts = await factsOf(services, team, name, loaded);
  return { version: loaded.version, view: certificateView(facts) };
}

/**
 * Asks for a new revision now. When one is on its way and waits for its retry, that one goes on at once instead.
 * @throws Refusal `CertificateNotFound`
 */
export async function renewCertificate(
  services: Omit<Needs, 'x509' | 'views'>,
  team: string,
  name: string,
  meta: Meta,
) {
  const { state } = await loadCertificate(services, team, name);
  if (state.status !== 'live') throw certificateNotFound(team, name);
  if (state.issuing) await hurry(services, state.uid, state.issuing.revision, meta);
  else if (state.issued) {
    const command = { type: 'Renew', afterRevision: state.issued.revision, reason: 'Manual' } as const;
    await services.ledger.handle(certificateDecider, certificateStream(team, name), command, meta);
  }
  return answer(services, team, name, await loadCertificate(services, team, name));
}

async function hurry({ ledger }: Pick<Needs, 'ledger'>, uid: string, revision: number, meta: Meta): Promise<void> {
  const stream = issuanceStream(uid, revision);
  const { state } = await ledger.load(issuanceDecider, stream);
  // The reaction to the request begins it at any moment.
  if (state.status === 'absent') return;
  await ledger.handle(issuanceDecider, stream, { type: 'BeginRun', after: state.run, force: true }, meta);
}

/** What is to be done to a certificate that ends. `grace`: seconds before any of it, and before its keys are purged. */
export interface Deletion {
  readonly team: string;
  readonly name: string;
  readonly withdraw: boolean;
  readonly revoke: boolean;
  readonly grace: number;
}

/** Ends a certificate. Delivered copies stay unless `withdraw`. @throws Refusal `CertificateNotFound`; StaleVersion */
export async function deleteCertificate(
  services: Pick<Needs, 'ledger'>,
  { team, name, withdraw, revoke, grace }: Deletion,
  meta: Meta,
  expected?: number,
): Promise<void> {
  const stream = certificateStream(team, name);
  const { events } = await services.ledger.handle(
    certificateDecider,
    stream,
    { type: 'Delete', withdraw, grace, ...(revoke && { revoke: 'cessationOfOperation' }) },
    meta,
    expected,
  );
  if (events.length === 0) throw certificateNotFound(team, name);
}

type Reads = Pick<Services, 'ledger' | 'vault' | 'x509' | 'ids'>;

/** The issued chain as PEM, leaf first. @throws Refusal `CertificateNotFound`, `NotIssued` */
export async function readChain(
  services: Pick<Reads, 'ledger' | 'vault'>,
  team: string,
  name: string,
): Promise<string> {
  const { state } = await loadCertificate(services, team, name);
  return sealedText(services, issuedOf(state, team, name).chainRef, team);
}

/**
 * The private key as PEM, encoded as the spec has it, with the chain that it belongs to. That it was exported stands on the ledger before
 * the answer.
 * @throws Refusal `CertificateNotFound`, `NotIssued`, `KeyNotHeld`
 */
export async function exportKey(
  services: Reads,
  team: string,
  name: string,
  meta: Meta,
): Promise<{ key: string; chain: string }> {
  const { ledger, ids, x509 } = services;
  const before = issuedOf((await loadCertificate(services, team, name)).state, team, name);
  if (before.keyRef) await openKey(services, before.keyRef, team);
  const command = { type: 'RecordKeyExport', exportId: ids.uuid() } as const;
  const { state } = await ledger.handle(certificateDecider, certificateStream(team, name), command, meta);
  const { keyRef, chainRef } = issuedOf(state, team, name);
  const key = await openKey(services, keyRef!, team);
  const { encoding } = (state as LiveCertificate).spec.privateKey;
  return { key: x509.encodeKey(key, encoding), chain: await sealedText(services, chainRef, team) };
}

async function openKey(services: Pick<Reads, 'vault'>, ref: string, team: string): Promise<string> {
  const key = heldKey(await sealedText(services, ref, team));
  if (key) return key;
  throw new Refusal('KeyNotHeld', 'the private key is kept where nobody can take it out', {
    remedy: 'issue from it: name the certificate in an issuer of type ca',
  });
}

function issuedOf(state: CertificateState, team: string, name: string): Issued {
  if (state.status !== 'live') throw certificateNotFound(team, name);
  if (state.issued) return state.issued;
  throw new Refusal('NotIssued', 'the certificate is not issued yet', {
    remedy: `see why: chancery describe certificate ${name} --team ${team}`,
  });
}

async function sealedText({ vault }: Pick<Reads, 'vault'>, ref: string, team: string): Promise<string> {
  const sealed = await vault.open(ref, team);
  if (sealed) return Buffer.from(sealed).toString('utf8');
  throw new Error(`${ref} is not in the vault`);
}
