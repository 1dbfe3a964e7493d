import { cleanUp as run } from '../../lib/application/issuance/cleanUp.ts';
import type { IssueInput } from '../../lib/application/issuance/run.ts';
import { type StepHandler, step } from './step.ts';

/** Task CleanUp of issueCertificate. */
export const cleanUp = (services: Parameters<typeof run>[0]): StepHandler =>
  step((input: IssueInput) => run(services, input));
