import { certificateDecider } from '../../domain/certificate.decide.ts';
import { certificateStream } from '../../domain/certificate.ts';
import { isOfTheCa } from '../../domain/failover.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import type { IssuanceState } from '../../domain/issuance.ts';
import { issuerDecider, issuerOwner, issuerStream } from '../../domain/issuer.ts';
import { issuerLabel } from '../../domain/issuerLabel.ts';
import { currentIssuance, splitName } from '../issuance/run.ts';
import { standIn } from '../issuers/standIn.ts';
import { inLanes } from '../lanes.ts';
import { ISSUANCES } from '../projections.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'acme' | 'caa' | 'clock' | 'log'>;

/** Failing issuances that one turn looks at. The rest find out for themselves when their own retry is due. */
const AT_ONCE = 1000;

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
  await eachFailing(services, issuer, async (stream, state) => {
    await leaveIssuer(services, stream, state);
  });
}

/** An issuer is well again: what failed for its sake is tried again at once. */
export async function retryRecovered(services: Needs, issuer: string): Promise<void> {
  await eachFailing(services, issuer, async (stream, state) => {
    const cause = state.failure;
    if (!cause || !(isOfTheCa(cause.problem) || cause.class === 'configuration')) return;
    const command = { type: 'BeginRun', after: state.run, force: true } as const;
    await services.ledger.handle(issuanceDecider, stream, command, { actor: 'reaction', correlationId: issuer });
  });
}

async function eachFailing(
  services: Needs,
  issuer: string,
  work: (stream: string, state: IssuanceState) => Promise<void>,
): Promise<void> {
  const [, owner, name] = issuer.split('/') as [string, string, string];
  const label = issuerLabel(owner, { name, kind: owner === '-' ? 'ClusterIssuer' : 'Issuer' });
  const rows = await services.views.earliest(ISSUANCES, 'owed', { limit: AT_ONCE });
  const failing = rows.filter((row) => row.failing && row.issuer === label);
  await inLanes(failing, async ({ key }) => {
    const stream = `issuance/${key}`;
    const { state } = await services.ledger.load(issuanceDecider, stream);
    if (state.status === 'failed') await work(stream, state);
  });
}
