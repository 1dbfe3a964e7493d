import type { DeliverInput } from '../../lib/application/delivery/push.ts';
import { recordPushFailure as run } from '../../lib/application/delivery/push.ts';
import { type StepHandler, step } from './step.ts';

/** Task RecordPushFailure of deliverSecret. */
export const recordPushFailure = (services: Parameters<typeof run>[0]): StepHandler =>
  step((input: DeliverInput) => run(services, input));
