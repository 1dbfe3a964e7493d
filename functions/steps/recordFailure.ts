import { recordFailure as run } from '../../lib/application/issuance/recordFailure.ts';
import type { IssueInput } from '../../lib/application/issuance/run.ts';
import { type StepHandler, step } from './step.ts';

/** Task RecordFailure of issueCertificate. */
export const recordFailure = (services: Parameters<typeof run>[0]): StepHandler =>
  step((input: IssueInput) => run(services, input));
