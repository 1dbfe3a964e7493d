import type { PolicyStatement } from '../policyStatement.ts';

/**
 * What the role that delivers needs for destinations in Secrets Manager.
 * @param secrets `arns`: ARN patterns of the names that may be used, such as `arn:aws:secretsmanager:eu-central-1:111122223333:secret:chancery/*`;
 *   `instance`: the installation's mark; `kmsKeyArns`: keys of the customer's own; `roleArns`: roles in other accounts
 */
export function secretsManagerPolicy(secrets: {
  readonly arns: readonly string[];
  readonly instance: string;
  readonly kmsKeyArns?: readonly string[];
  readonly roleArns?: readonly string[];
}): readonly PolicyStatement[] {
  const { arns, instance, kmsKeyArns = [], roleArns = [] } = secrets;
  const mark = 'chancery.dev/instance';
  const ours = { [`aws:ResourceTag/${mark}`]: [instance] };
  const becomesOurs = { [`aws:RequestTag/${mark}`]: [instance] };
  const actions = (...names: string[]): string[] => names.map((name) => `secretsmanager:${name}`);
  const statements: PolicyStatement[] = [
    // Also of a secret that somebody else made: that is what tells whose it is.
    { Sid: 'SeeSecrets', Effect: 'Allow', Action: actions('DescribeSecret'), Resource: arns },
    {
      Sid: 'MakeSecrets',
      Effect: 'Allow',
      Action: actions('CreateSecret', 'TagResource'),
      Resource: arns,
      Condition: { StringEquals: becomesOurs },
    },
    {
      Sid: 'KeepOwnSecrets',
      Effect: 'Allow',
      Action: actions('GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'),
      Resource: arns,
      Condition: { StringEquals: ours },
    },
    {
      Sid: 'WithdrawOwnSecrets',
      Effect: 'Allow',
      Action: actions('DeleteSecret'),
      Resource: arns,
      // A withdrawn secret can be restored: never deleted at once. A request that does not ask for that has no such key.
      Condition: { StringEquals: ours, BoolIfExists: { 'secretsmanager:ForceDeleteWithoutRecovery': ['false'] } },
    },
  ];
  if (kmsKeyArns.length > 0) {
    const Action = ['kms:GenerateDataKey', 'kms:Decrypt'];
    const Condition = { StringLike: { 'kms:ViaService': ['secretsmanager.*.amazonaws.com'] } };
    statements.push({ Sid: 'SecretsKeys', Effect: 'Allow', Action, Resource: kmsKeyArns, Condition });
  }
  if (roleArns.length > 0) {
    statements.push({ Sid: 'OtherAccounts', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: roleArns });
  }
  return statements;
}
