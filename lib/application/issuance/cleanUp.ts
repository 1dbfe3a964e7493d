import { inLanes } from '../../async/lanes.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import type { IssuanceState, Presentation } from '../../domain/issuance.ts';
import { issuerOwner } from '../../domain/issuer.ts';
import { plusSeconds } from '../../domain/time.ts';
import { done, type Outcome } from '../outcome.ts';
import type { Services } from '../services.ts';
import { issuerAt, withdraw } from './presentations.ts';
import { type IssueInput, splitName } from './run.ts';

type Needs = Pick<
  Services,
  'ledger' | 'vault' | 'store' | 'acme' | 'dns' | 'challengeTokens' | 'holders' | 'clock' | 'log'
>;

/** Seconds from the request for which a configuration that the issuer no longer has is still tried. */
const OLD_CONFIGURATION = 24 * 3600;

/**
 * Step CleanUp: removes what was presented, and nothing else. What fails here stays owed, and the scan comes back to it; one server that does
 * not answer keeps no other from being cleaned.
 */
export async function cleanUp(services: Needs, input: IssueInput): Promise<Outcome> {
  const { state } = await services.ledger.load(issuanceDecider, input.issuance);
  if (!state.uncleaned || state.run !== input.run) return done;
  const errors = await inLanes(bySolver(state), (presentations) => remove(services, input, state, presentations));
  const [first] = errors.filter((error) => error !== undefined);
  if (first) throw first;
  const meta = { actor: 'step:CleanUp', correlationId: input.issuance };
  const command = { type: 'RecordCleanedUp', run: input.run } as const;
  await services.ledger.handle(issuanceDecider, input.issuance, command, meta);
  return done;
}

/** Presentations that were made by one solver of one generation of the issuer. */
function bySolver(state: IssuanceState): Presentation[][] {
  return [...Map.groupBy(state.presentations, (p) => `${p.issuerGeneration}/${p.solver}`).values()];
}

/** Answers the error that keeps the values owed. */
async function remove(
  services: Needs,
  input: IssueInput,
  state: IssuanceState,
  presentations: readonly Presentation[],
): Promise<Error | undefined> {
  const [team] = splitName(state.certificate);
  const owner = issuerOwner(state.issuer, team);
  const { issuerGeneration } = presentations[0]!;
  const issuer = await issuerAt(services, owner, state.issuer.name, issuerGeneration);
  try {
    await withdraw(services, issuer, input.issuance, presentations);
    return undefined;
  } catch (error) {
    if (issuer.current || services.clock.now() < plusSeconds(state.requestedAt, OLD_CONFIGURATION))
      return error as Error;
    // Nobody can tell any more how to reach what presented them, and the values prove nothing after their order.
    const targets = presentations.map(({ target }) => target);
    services.log.warn('clean-up given up: the issuer was reconfigured', { issuance: input.issuance, targets });
    return undefined;
  }
}
