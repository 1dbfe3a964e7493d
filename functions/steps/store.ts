import type { IssueInput } from '../../lib/application/issuance/run.ts';
import { store as run } from '../../lib/application/issuance/store.ts';
import type { Services } from '../../lib/application/services.ts';
import { type StepHandler, step } from './step.ts';

/** Task Store of issueCertificate. */
export const store = (services: Services): StepHandler => step((input: IssueInput) => run(services, input));
