import { SFNClient } from '@aws-sdk/client-sfn';
import { stepfunctionsWorkflows } from '../../lib/adapters/stepfunctions/workflows.ts';
import { optional, variable } from './environment.ts';

const machines = { issueCertificate: variable('ISSUE_MACHINE'), deliverSecret: variable('DELIVER_MACHINE') };

export const workflows = stepfunctionsWorkflows(new SFNClient(), machines, { past: optional('RESTORED_LEDGER') });
