import { accountDecider, accountStream } from '../../domain/account.ts';
import { type CaaQuestion, caaVerdict } from '../../domain/caa.ts';
import type { LiveCertificate } from '../../domain/certificate.ts';
import { mayLeave } from '../../domain/failover.ts';
import { type IssuerState, issuerDecider, issuerOwner, issuerStream, SHARED } from '../../domain/issuer.ts';
import { Refusal } from '../../domain/refusal.ts';
import { checkSolvers, selectSolver } from '../../domain/solver.ts';
import type { AcmeIssuerSpec, CertificateSpec, IssuerRef } from '../../domain/spec.ts';
import { AcmeError } from '../../ports/acmeServer.ts';
import { DnsError } from '../../ports/dnsProvider.ts';
import { endpointOf } from '../issuance/account.ts';
import type { Services } from '../services.ts';
import { recheckPolicy } from '../teamPolicy.ts';

type Needs = Pick<Services, 'ledger' | 'acme' | 'caa' | 'clock' | 'log'>;

/**
 * Who issues now: the certificate's issuer, or while that is diverted, and the certificate has too little life left to wait, the first issuer
 * of its failover list that can. Where none can, the issuer itself: its attempts fail and are repeated.
 */
export async function issuerFor(services: Needs, team: string, certificate: LiveCertificate): Promise<IssuerRef> {
  const { issuerRef } = certificate.spec;
  const { state } = await services.ledger.load(issuerDecider, streamOf(issuerRef, team));
  return (await standIn(services, team, certificate, state)) ?? issuerRef;
}

/** The issuer that stands in for a diverted one, for this certificate; undefined where it is to wait. */
export async function standIn(
  services: Needs,
  team: string,
  certificate: LiveCertificate,
  issuer: IssuerState,
): Promise<IssuerRef | undefined> {
  const { failover } = issuer.spec;
  if (!failover || !issuer.diverted || !mayLeave(failover, certificate.issued, services.clock.now())) return undefined;
  for (const ref of failover.to) {
    const hindrance = await whyNot(services, team, certificate.spec, ref);
    if (!hindrance) return ref;
    services.log.info('an issuer cannot stand in', { team, issuer: ref.name, reason: hindrance });
  }
  return undefined;
}

const streamOf = (ref: IssuerRef, team: string): string => issuerStream(issuerOwner(ref, team), ref.name);

async function whyNot(
  services: Needs,
  team: string,
  spec: CertificateSpec,
  ref: IssuerRef,
): Promise<string | undefined> {
  const { state } = await services.ledger.load(issuerDecider, streamOf(ref, team));
  if (state.status !== 'configured') return 'there is none of this name';
  if (state.ready !== 'ready') return 'it is not ready';
  if (state.diverted) return 'others stand in for it too';
  try {
    await checkTeam(services, team, { ...spec, issuerRef: ref });
    if (!state.spec.acme) return undefined;
    if (spec.isCA) return 'an ACME CA signs no CA certificates';
    checkSolvers(state.spec.acme.solvers, spec);
    return await whyNotByCaa(services, issuerOwner(ref, team), ref.name, state.spec.acme, spec);
  } catch (error) {
    // What cannot be asked is not allowed: a failed validation costs one of the few that a CA grants.
    if (error instanceof Refusal || error instanceof AcmeError || error instanceof DnsError) return error.message;
    throw error;
  }
}

/** What an operator shared and put on the list, the team may use by that; its own must be allowed to it. */
async function checkTeam(services: Needs, team: string, spec: CertificateSpec): Promise<void> {
  if (team === SHARED || spec.issuerRef.kind === 'ClusterIssuer') return;
  await recheckPolicy(services, team, spec);
}

/** RFC 8659 and 8657, before the CA looks: who may issue, for which account, and by which validation. */
async function whyNotByCaa(
  services: Needs,
  owner: string,
  name: string,
  acme: AcmeIssuerSpec,
  spec: CertificateSpec,
): Promise<string | undefined> {
  const { caaIdentities } = await services.acme.meta(endpointOf(acme));
  const { state } = await services.ledger.load(accountDecider, accountStream(`${owner}/${name}`));
  for (const dnsName of spec.dnsNames) {
    const chosen = selectSolver(acme.solvers, { type: 'dns', value: dnsName }, false);
    const question: CaaQuestion = {
      wildcard: dnsName.startsWith('*.'),
      identities: caaIdentities,
      accountUrl: state.registered?.url,
      methods: chosen ? [chosen.type] : [],
    };
    const verdict = caaVerdict(await services.caa.relevant(dnsName), question);
    if (!verdict.allowed) return `${dnsName}: ${verdict.reason}`;
  }
  return undefined;
}
