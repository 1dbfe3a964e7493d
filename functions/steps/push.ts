import type { DeliverInput } from '../../lib/application/delivery/push.ts';
import { push as run } from '../../lib/application/delivery/push.ts';
import type { Services } from '../../lib/application/services.ts';
import { type StepHandler, step } from './step.ts';

/** Task Push of deliverSecret. */
export const push = (services: Services): StepHandler => step((input: DeliverInput) => run(services, input));
