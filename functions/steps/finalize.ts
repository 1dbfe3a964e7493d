import { finalize as run } from '../../lib/application/issuance/finalize.ts';
import type { IssueInput } from '../../lib/application/issuance/run.ts';
import { type StepHandler, step } from './step.ts';

/** Task Finalize of issueCertificate. */
export const finalize = (services: Parameters<typeof run>[0]): StepHandler =>
  step((input: IssueInput) => run(services, input));
