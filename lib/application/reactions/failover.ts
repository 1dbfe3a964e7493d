import { certificateDecider } from '../../domain/certificate.decide.ts';
import { certificateStream } from '../../domain/certificate.ts';
import type { Diversion } from '../../domain/failover.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import type { IssuanceState } from '../../domain/issuance.ts';
import { issuerDecider, issuerOwner, issuerStream, SHARED } from '../../domain/issuer.ts';
import { issuerLabel, issuerLabelAt } from '../../domain/issuerLabel.ts';
import type { IssuerSpec } from '../../domain/spec.ts';
import { everyRow } from '../everyRow.ts';
import { eachFailingIssuance } from '../failing.ts';
import { currentIssuance, splitName } from '../issuance/run.ts';
import { standIn } from '../issuers/standIn.ts';
import { ISSUERS } from '../projections.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'acme' | 'caa' | 'clock' | 'log'>;

/**
 * Lets a failing issuance give way to one at the issuer that stands in for its own.
 * @returns whether it did: the issuance is superseded then
 */
export async function leaveIssuer(services: Needs, stream: string, issuance: IssuanceState): Promise<boolean> {
  const { ledger } = services;
  const [team, name] = splitName(issuance.certificate);
  const { state: issuer } = await ledger.load(issuerDecider, issuerOf(issuance));
  if (!issuer.diverted) return false;
  const at = certificateStream(team, name);
  const { state: certificate } = await ledger.load(certificateDecider, at);
  if (certificate.status !== 'live' || certificate.issuing?.revision !== issuance.revision) return false;
  if (!(await standIn(services, team, certificate, issuer))) return false;
  const command = { type: 'LeaveIssuer', revision: issuance.revision } as const;
  const meta = { actor: 'reaction', correlationId: stream };
  const { events } = await ledger.handle(certificateDecider, at, command, meta);
  if (events.length > 0) await currentIssuance(services, stream, meta);
  return events.length > 0;
}

/** An attempt failed: it may have been the one that diverted its issuer. */
export async function leaveAfterFailure(services: Needs, stream: string): Promise<void> {
  const { state } = await services.ledger.load(issuanceDecider, stream);
  if (state.status === 'failed') await leaveIssuer(services, stream, state);
}

const issuerOf = ({ issuer, certificate }: IssuanceState): string =>
  issuerStream(issuerOwner(issuer, splitName(certificate)[0]), issuer.name);

/** An issuer was diverted: what fails at it now goes elsewhere now, where it may. */
export async function leaveDiverted(services: Needs, issuer: string): Promise<void> {
  const [, owner, name] = issuer.split('/') as [string, string, string];
  const label = issuerLabelAt(owner, name);
  await eachFailingIssuance(
    services,
    (row) => row.issuer === label,
    async (stream, state) => {
      await leaveIssuer(services, stream, state);
    },
  );
}

/** An issuer is ready: where it stands in for others that are diverted, what fails at those can go there now. */
export async function leaveForStandIn(services: Needs, issuer: string): Promise<void> {
  const [, owner, name] = issuer.split('/') as [string, string, string];
  const label = issuerLabelAt(owner, name);
  for await (const { key, owner: whose, doc } of everyRow(services.views, ISSUERS, owner === SHARED ? {} : { owner })) {
    const { spec, diverted } = doc as { readonly spec: IssuerSpec; readonly diverted?: Diversion };
    const named = diverted && spec.failover?.to.some((one) => issuerLabel(whose, one) === label);
    if (named) await leaveDiverted(services, `issuer/${key}`);
  }
}
