import { recordFailure as run } from '../../lib/application/issuance/recordFailure.ts';
import type { IssueInput } from '../../lib/application/issuance/run.ts';
import type { Services } from '../../lib/application/services.ts';
import { type StepHandler, step } from './step.ts';

/** Task RecordFailure of issueCertificate. */
export const recordFailure = (services: Services): StepHandler => step((input: IssueInput) => run(services, input));
