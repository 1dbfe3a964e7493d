import { issuanceDecider } from '../../domain/issuance.decide.ts';
import type { IssuanceState, Presentation } from '../../domain/issuance.ts';
import { issuerOwner } from '../../domain/issuer.ts';
import { done, type Outcome } from '../outcome.ts';
import type { Services } from '../services.ts';
import { issuerAt, withdraw } from './presentations.ts';
import { type IssueInput, splitName } from './run.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'store' | 'acme' | 'dns' | 'challengeTokens' | 'holders'>;

/** Step CleanUp: removes what was presented, and nothing else. What fails here stays owed, and the scan comes back to it. */
export async function cleanUp(services: Needs, input: IssueInput): Promise<Outcome> {
  const { state } = await services.ledger.load(issuanceDecider, input.issuance);
  if (!state.uncleaned || state.run !== input.run) return done;
  const [team] = splitName(state.certificate);
  const owner = issuerOwner(state.issuer, team);
  for (const [generation, presentations] of byGeneration(state)) {
    const issuer = await issuerAt(services, owner, state.issuer.name, generation);
    await withdraw(services, issuer, input.issuance, presentations);
  }
  const meta = { actor: 'step:CleanUp', correlationId: input.issuance };
  await services.ledger.handle(issuanceDecider, input.issuance, { type: 'RecordCleanedUp' }, meta);
  return done;
}

function byGeneration(state: IssuanceState): Map<number, Presentation[]> {
  return Map.groupBy(state.presentations, (presentation) => presentation.issuerGeneration);
}
