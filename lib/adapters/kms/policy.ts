import type { PolicyStatement } from '../policyStatement.ts';

/**
 * What a role needs of the vault's keys.
 * @param classes first words of the references that the role may open (`key`, `chain`, `account`, `credential`, `cluster`)
 * @param acts `seal` makes data keys, `open` reads rows, `rewrap` is rotation's
 */
export function dataKeysPolicy(
  keyArns: readonly string[],
  classes: readonly string[],
  acts: readonly ('seal' | 'open' | 'rewrap')[],
): readonly PolicyStatement[] {
  const actions = { seal: 'kms:GenerateDataKey', open: 'kms:Decrypt', rewrap: 'kms:Encrypt' } as const;
  return [
    {
      Sid: 'VaultDataKeys',
      Effect: 'Allow',
      Action: acts.map((act) => actions[act]),
      Resource: keyArns,
      // A role opens its own classes of secrets and no other, although one key wraps all of them.
      Condition: { StringEquals: { 'kms:EncryptionContext:class': classes } },
    },
  ];
}

/** What a signing key is for: an ACME account, or a CA. */
export type SigningKeyClass = 'account' | 'ca';

/** Tags of the signing keys that an installation makes. A role uses those of its own classes, and no other key of the AWS account. */
export const INSTANCE_TAG = 'chancery.dev/instance';
export const CLASS_TAG = 'chancery.dev/class';

/** What the aliases of an installation's signing keys begin with. */
export const aliasPrefix = (instance: string, keyClass: SigningKeyClass): string =>
  `alias/chancery-${instance}/${keyClass}/`;

/** What a role may do with each class of signing keys. `look`: read the public half. */
export interface SigningKeyUses {
  readonly sign?: readonly SigningKeyClass[];
  readonly look?: readonly SigningKeyClass[];
  readonly make?: readonly SigningKeyClass[];
  readonly retire?: readonly SigningKeyClass[];
}

/**
 * What a role needs of asymmetric keys in KMS.
 * @param keys `keyArns`: the keys of the AWS account and region, `arn:aws:kms:eu-central-1:111122223333:key/*`; `aliasArn`: what the ARNs of its
 *   aliases begin with, up to `alias`
 */
export function signingKeysPolicy(
  keys: { readonly instance: string; readonly keyArns: readonly string[]; readonly aliasArn: string },
  { sign = [], look = [], make = [], retire = [] }: SigningKeyUses,
): readonly PolicyStatement[] {
  const { instance, keyArns, aliasArn } = keys;
  const tagged = (of: 'ResourceTag' | 'RequestTag', classes: readonly SigningKeyClass[]) => ({
    [`aws:${of}/${INSTANCE_TAG}`]: [instance],
    [`aws:${of}/${CLASS_TAG}`]: classes,
  });
  const ours = (Sid: string, Action: readonly string[], classes: readonly SigningKeyClass[]): PolicyStatement[] =>
    classes.length === 0
      ? []
      : [
          {
            Sid,
            Effect: 'Allow',
            Action,
            Resource: keyArns,
            Condition: { StringEquals: tagged('ResourceTag', classes) },
          },
        ];
  const aliases = make.map((keyClass) => aliasArn.replace(/alias$/, `${aliasPrefix(instance, keyClass)}*`));
  return [
    ...ours('SignByKeys', ['kms:GetPublicKey', 'kms:Sign'], sign),
    ...ours('SeeSigningKeys', ['kms:GetPublicKey'], look),
    ...(make.length === 0
      ? []
      : [
          // The key is not there yet, so that what it will be is all that can be asked for.
          {
            Sid: 'MakeSigningKeys',
            Effect: 'Allow' as const,
            Action: ['kms:CreateKey'],
            Resource: ['*'],
            Condition: { StringEquals: { ...tagged('RequestTag', make), 'kms:KeyUsage': ['SIGN_VERIFY'] } },
          },
          // CreateKey asks for it; of a key that is there, it is one that signs.
          {
            Sid: 'TagSigningKeys',
            Effect: 'Allow' as const,
            Action: ['kms:TagResource'],
            Resource: keyArns,
            Condition: {
              StringEquals: tagged('RequestTag', make),
              StringEqualsIfExists: { 'kms:KeyUsage': ['SIGN_VERIFY'] },
            },
          },
          { Sid: 'NameSigningKeys', Effect: 'Allow' as const, Action: ['kms:CreateAlias'], Resource: aliases },
        ]),
    // One that another run made first is named already: ours is given up.
    ...ours('KeepSigningKeys', ['kms:CreateAlias', 'kms:DescribeKey', 'kms:ScheduleKeyDeletion'], make),
    ...ours(
      'RetireSigningKeys',
      ['kms:ScheduleKeyDeletion'],
      retire.filter((keyClass) => !make.includes(keyClass)),
    ),
  ];
}
