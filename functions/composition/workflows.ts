import { SFNClient } from '@aws-sdk/client-sfn';
import { stepfunctionsWorkflows } from '../../lib/adapters/stepfunctions/workflows.ts';
import { variable } from './environment.ts';

export const workflows = stepfunctionsWorkflows(new SFNClient(), {
  issueCertificate: variable('ISSUE_MACHINE'),
  deliverSecret: variable('DELIVER_MACHINE'),
});
