import { type LiveCertificate, nextRenewal } from '../domain/certificate.ts';
import type { IssuerState } from '../domain/issuer.ts';
import { issuerLabel } from '../domain/issuerLabel.ts';
import type { CertificateSpec, IssuerRef } from '../domain/spec.ts';
import type { Instant } from '../domain/time.ts';
import { type CertificateFacts, gatherFacts } from './certificateFacts.ts';
import { deliveredCondition, issuingCondition, readyCondition } from './conditions.ts';
import { type DeliveryView, deliveryView } from './deliveryView.ts';
import { incidentOf } from './incidents.ts';
import { type IssuanceView, issuanceView, stepWords } from './issuanceView.ts';
import { readyCondition as issuerReady } from './issuers.ts';
import { publicCause, publicText } from './publicCause.ts';
import { WHY } from './reasons.ts';
import type { CertificateAnswer, RevocationAnswer } from './schema/answers.ts';
import type { Services } from './services.ts';
import { warningsOf } from './warnings.ts';

/** A certificate with its conditions, as of now or of `at`, and its stream's version. @throws Refusal `CertificateNotFound` */
export async function describeCertificate(
  services: Pick<Services, 'ledger' | 'views' | 'clock'>,
  team: string,
  name: string,
  at?: Instant,
) {
  const facts = await gatherFacts(services, team, name, at);
  // What failed together at an earlier time, nobody wrote down.
  const incident = at === undefined ? await incidentWith(services, facts) : undefined;
  return { version: facts.version, view: certificateView(facts, incident) };
}

/** The incident that the revision on its way is part of. */
async function incidentWith(
  services: Pick<Services, 'views'>,
  { team, certificate: { uid }, issuance }: CertificateFacts,
): Promise<CertificateAnswer['status']['incident']> {
  if (issuance?.status !== 'failed') return undefined;
  const found = await incidentOf(services, {
    team,
    issuer: issuerLabel(team, issuance.issuer),
    key: `${uid}/${issuance.revision}`,
  });
  return found && { id: found.id, since: found.since, count: found.count };
}

/** The facts as answers show them. */
export function certificateView(facts: CertificateFacts, incident?: CertificateAnswer['status']['incident']) {
  const { team, name, certificate } = facts;
  const { uid, generation, createdAt, spec, issued } = certificate;
  const issuance = issuanceView(facts.issuance);
  const deliveries = facts.deliveries.map(({ destination, state }) => deliveryView(certificate, destination, state));
  const warnings = warningsOf(certificate, facts.now);
  const conditions = [
    readyCondition(facts),
    issuingCondition(facts, issuance),
    ...[deliveredCondition(facts, deliveries)].filter((one) => one !== undefined),
  ];
  return {
    team,
    name,
    uid,
    generation,
    createdAt,
    spec: shownSpec(spec),
    status: {
      conditions,
      ...(spec.renewal?.of && { renewalTimesOf: spec.renewal.of }),
      ...(issued && {
        revision: issued.revision,
        serial: issued.serial,
        fingerprint: issued.fingerprint,
        notBefore: issued.notBefore,
        notAfter: issued.notAfter,
        ...issuedBy(certificate),
        ...renewalOf(certificate, facts.now),
      }),
      issuer: issuerReadiness(spec.issuerRef, facts.issuer),
      ...(issuance && { issuance }),
      ...(incident && { incident }),
      deliveries,
      ...revocationsOf(certificate),
      ...nextAction(facts, issuance, deliveries),
    },
    ...(warnings.length > 0 && { warnings }),
  };
}

/** As it may be asked for again. */
function shownSpec({ renewal, ...spec }: CertificateSpec): CertificateSpec {
  if (!renewal) return spec;
  const { of: _, ...times } = renewal;
  return { ...spec, renewal: times };
}

/** What is to be revoked, and what was. */
function revocationsOf({ revocations = [] }: LiveCertificate): { revocations?: RevocationAnswer[] } {
  if (revocations.length === 0) return {};
  const shown = revocations.map(({ revision, reason, since, failure, revokedAt }): RevocationAnswer => {
    const status = revokedAt ? 'revoked' : failure ? 'failed' : 'requested';
    const { problem, retryAt } = failure ?? {};
    return {
      ...{ revision, reason, status, since: revokedAt ?? since },
      ...(problem && { cause: publicCause(problem, failure?.class) }),
      ...(retryAt && { retryAt }),
    };
  });
  return { revocations: shown };
}

/** A stand-in, or the issuer that the spec named before. */
function issuedBy({
  issued,
  spec: { issuerRef },
}: LiveCertificate): Partial<Pick<CertificateAnswer['status'], 'issuedBy'>> {
  const by = issued?.acme?.issuer;
  if (!by || (by.name === issuerRef.name && by.kind === issuerRef.kind)) return {};
  return { issuedBy: { kind: by.kind, name: by.name } };
}

/** When the issued revision is replaced, why, and what the CA says about it. */
function renewalOf(
  certificate: LiveCertificate,
  now: Instant,
): Partial<Pick<CertificateAnswer['status'], 'renewalTime' | 'renewal'>> {
  const need = nextRenewal(certificate, now);
  if (!need) return {};
  const { renewalInfo } = certificate;
  const { reason, at, atLatest } = need;
  const { window, explanationURL } = renewalInfo ?? {};
  return {
    renewalTime: at,
    renewal: {
      time: at,
      reason,
      ...(atLatest !== undefined && { atLatest }),
      ...(window && { suggestedWindow: window }),
      ...(explanationURL !== undefined && { explanationURL: publicText(explanationURL) }),
    },
  };
}

function issuerReadiness({ kind, name }: IssuerRef, state: IssuerState) {
  if (state.status !== 'configured') {
    const message = `there is no ${kind} ${name}`;
    return { kind, name, ready: 'False' as const, reason: 'IssuerNotFound', message };
  }
  const { status, reason, message } = issuerReady(state);
  return { kind, name, ready: status, reason, message };
}

interface NextAction {
  readonly action: 'Renew' | 'Retry' | 'Continue' | 'Act';
  readonly message: string;
  readonly at?: Instant;
}

/** What happens next: what is stuck comes before what goes on, and that before the renewal. */
function nextAction(
  facts: CertificateFacts,
  issuance: IssuanceView | undefined,
  deliveries: readonly DeliveryView[],
): { nextAction?: NextAction } {
  if (facts.certificate.issuing) return { nextAction: issuingNext(facts, issuance) };
  const stuck = deliveries.find(({ cause }) => cause);
  if (stuck?.cause) return { nextAction: retry(stuck.status === 'refused' || stuck.status === 'taken', stuck) };
  if (deliveries.some(({ status }) => status !== 'confirmed')) {
    return { nextAction: { action: 'Continue', message: 'It is being delivered' } };
  }
  const need = nextRenewal(facts.certificate, facts.now);
  if (!need) return {};
  const { at, reason } = need;
  const why = reason === 'Expiring' ? '' : `: ${WHY[reason]}`;
  return { nextAction: { action: 'Renew', message: `It is renewed at ${at}${why}`, at } };
}

function issuingNext(facts: CertificateFacts, issuance: IssuanceView | undefined): NextAction {
  if (!issuance?.cause || !issuance.retryAt) return { action: 'Continue', message: stepWords(issuance) };
  const kind = facts.issuance?.failure?.class;
  const waits = issuance.status === 'failed' && (kind === 'person' || kind === 'configuration');
  return retry(waits, issuance);
}

function retry(somebodyMustAct: boolean, { cause, retryAt }: Pick<IssuanceView, 'cause' | 'retryAt'>): NextAction {
  const again = retryAt ? ` It is tried again at ${retryAt}.` : '';
  const message = `${cause!.remedy}${again}`;
  return { action: somebodyMustAct ? 'Act' : 'Retry', message, ...(retryAt && { at: retryAt }) };
}
