import { challenge as run } from '../../lib/application/issuance/challenge.ts';
import type { IssueInput } from '../../lib/application/issuance/run.ts';
import { type StepHandler, step } from './step.ts';

/** Task Challenge of issueCertificate. */
export const challenge = (services: Parameters<typeof run>[0]): StepHandler =>
  step((input: IssueInput) => run(services, input));
