import { cleanUp as run } from '../../lib/application/issuance/cleanUp.ts';
import type { IssueInput } from '../../lib/application/issuance/run.ts';
import type { Services } from '../../lib/application/services.ts';
import { type StepHandler, step } from './step.ts';

/** Task CleanUp of issueCertificate. */
export const cleanUp = (services: Services): StepHandler => step((input: IssueInput) => run(services, input));
