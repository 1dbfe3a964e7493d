import type { IssueInput } from '../../lib/application/issuance/run.ts';
import { store as run } from '../../lib/application/issuance/store.ts';
import { type StepHandler, step } from './step.ts';

/** Task Store of issueCertificate. */
export const store = (services: Parameters<typeof run>[0]): StepHandler =>
  step((input: IssueInput) => run(services, input));
