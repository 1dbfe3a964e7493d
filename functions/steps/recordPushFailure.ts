import type { DeliverInput } from '../../lib/application/delivery/push.ts';
import { recordPushFailure as run } from '../../lib/application/delivery/push.ts';
import type { Services } from '../../lib/application/services.ts';
import { type StepHandler, step } from './step.ts';

/** Task RecordPushFailure of deliverSecret. */
export const recordPushFailure = (services: Services): StepHandler =>
  step((input: DeliverInput) => run(services, input));
