import { order as run } from '../../lib/application/issuance/order.ts';
import type { IssueInput } from '../../lib/application/issuance/run.ts';
import { type StepHandler, step } from './step.ts';

/** Task Order of issueCertificate. */
export const order = (services: Parameters<typeof run>[0]): StepHandler =>
  step((input: IssueInput) => run(services, input));
