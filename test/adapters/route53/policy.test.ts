import { expect, test } from 'vitest';
import { route53Policy } from '../../../lib/adapters/route53/policy.ts';

test('the policy covers TXT records at challenge names, created and deleted, and no record else', () => {
  const [change, ...others] = route53Policy({ zoneArns: ['arn:aws:route53:::hostedzone/Z1'] });
  expect(change).toMatchObject({
    Action: ['route53:ChangeResourceRecordSets'],
    Condition: {
      'ForAllValues:StringLike': { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['_acme-challenge.*'] },
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsRecordTypes': ['TXT'],
        'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
      },
    },
  });
  for (const { Action } of others) for (const action of Action) expect(action).toMatch(/^route53:(List|Get)/);
});
