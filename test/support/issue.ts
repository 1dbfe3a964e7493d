import { challenge } from '../../lib/application/issuance/challenge.ts';
import { cleanUp } from '../../lib/application/issuance/cleanUp.ts';
import { finalize } from '../../lib/application/issuance/finalize.ts';
import { order } from '../../lib/application/issuance/order.ts';
import { store } from '../../lib/application/issuance/store.ts';
import { pursueCertificate } from '../../lib/application/reactions/certificate.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import { type IssuanceCommand, issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';

const meta = { actor: 'test' };

/** Starts the issuance that a certificate waits for, as the reaction would. @returns its stream */
export async function startIssuance(services: Services, team: string, name: string): Promise<string> {
  await pursueCertificate(services, certificateStream(team, name));
  const { state } = await services.ledger.load(certificateDecider, certificateStream(team, name));
  if (state.status !== 'live' || !state.issuing) throw new Error(`${team}/${name} does not wait for a certificate`);
  return issuanceStream(state.uid, state.issuing.revision);
}

/** Issues what a certificate waits for by an internal issuer: every step once, in order, without a state machine. */
export async function issueNow(services: Services, team: string, name: string): Promise<void> {
  const issuance = await startIssuance(services, team, name);
  const { state } = await services.ledger.load(issuanceDecider, issuance);
  const input = { issuance, run: state.run };
  for (const step of [order, challenge, finalize, store, cleanUp]) {
    const { outcome } = await step(services, input);
    if (outcome !== 'done') throw new Error(`step ${step.name} answered ${outcome}`);
  }
  await pursueCertificate(services, certificateStream(team, name));
}

/** Handles a command on an issuance. */
export const record = (services: Services, issuance: string, command: IssuanceCommand) =>
  services.ledger.handle(issuanceDecider, issuance, command, meta);
