import { STSClient } from '@aws-sdk/client-sts';
import { instance } from './instance.ts';

/** Assumes the roles in other accounts that solvers and destinations name. */
export const sts = new STSClient();

/** How such a role's use stands in that account's CloudTrail. */
export const sessionName = `chancery-${instance}`;
