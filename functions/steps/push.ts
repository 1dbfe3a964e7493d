import type { DeliverInput } from '../../lib/application/delivery/push.ts';
import { push as run } from '../../lib/application/delivery/push.ts';
import { turns } from '../../lib/async/turns.ts';
import { type StepHandler, step } from './step.ts';

/**
 * Task Push of deliverSecret. Pushes to one destination follow one another: a slow one of an older revision must not land on top of a newer,
 * and one whose turn comes after its run is over does nothing.
 */
export const push = (services: Parameters<typeof run>[0]): StepHandler => {
  const inTurn = turns();
  return step((input: DeliverInput) => inTurn(input.delivery, () => run(services, input)));
};
