import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';

const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}$/;
/** The id of a hosted zone, without `/hostedzone/`. */
export const ZONE_ID = /^[A-Z0-9]{1,32}$/;
const ROLE_ARN = /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[A-Za-z0-9+=,.@/_-]{1,512}$/;

/** @throws Refusal `InvalidRegion` */
export function checkRegion(region: string | undefined, field: string): void {
  if (region === undefined || REGION.test(region)) return;
  throw new Refusal('InvalidRegion', `${quoted(region)} is no AWS region`, {
    field,
    remedy: 'write it as eu-central-1',
  });
}

/** @throws Refusal `InvalidRoleArn` */
export function checkRoleArn(arn: string | undefined, field: string): void {
  if (arn === undefined || ROLE_ARN.test(arn)) return;
  const remedy = 'write it as arn:aws:iam::111122223333:role/name';
  throw new Refusal('InvalidRoleArn', `${quoted(arn)} is no ARN of an IAM role`, { field, remedy });
}
