import type { PolicyStatement } from '../policyStatement.ts';

/**
 * What the role that presents challenges needs of Route 53: TXT records under `_acme-challenge.` and nothing else in the zones.
 * @param dns `zoneArns`: such as `arn:aws:route53:::hostedzone/Z0123456789ABC`, or `arn:aws:route53:::hostedzone/*`; `roleArns`: roles of
 *   solvers in other accounts, whose own policy is this one
 */
export function route53Policy(dns: {
  readonly zoneArns: readonly string[];
  readonly roleArns?: readonly string[];
}): readonly PolicyStatement[] {
  const { zoneArns, roleArns = [] } = dns;
  const statements: PolicyStatement[] = [
    {
      Sid: 'ChangeChallengeRecords',
      Effect: 'Allow',
      Action: ['route53:ChangeResourceRecordSets'],
      Resource: zoneArns,
      // Every record of a batch must fit; a request without records must not.
      Condition: {
        'ForAllValues:StringLike': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['_acme-challenge.*'],
        },
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsRecordTypes': ['TXT'],
          'route53:ChangeResourceRecordSetsActions': ['CREATE', 'DELETE'],
        },
        Null: { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['false'] },
      },
    },
    {
      Sid: 'ReadZones',
      Effect: 'Allow',
      Action: ['route53:ListResourceRecordSets', 'route53:GetHostedZone'],
      Resource: zoneArns,
    },
    // Neither knows of resources by which it could be limited.
    { Sid: 'FindZones', Effect: 'Allow', Action: ['route53:ListHostedZones'], Resource: ['*'] },
    { Sid: 'FollowChanges', Effect: 'Allow', Action: ['route53:GetChange'], Resource: ['arn:aws:route53:::change/*'] },
  ];
  if (roleArns.length > 0) {
    statements.push({ Sid: 'OtherAccounts', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: roleArns });
  }
  return statements;
}
