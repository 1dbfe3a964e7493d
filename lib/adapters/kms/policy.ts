import type { PolicyStatement } from '../policyStatement.ts';

/**
 * What a role needs of the vault's key.
 * @param classes first words of the references that the role may open (`key`, `chain`, `account`, `credential`, `cluster`)
 * @param acts `seal` makes data keys, `open` reads rows, `rewrap` is rotation's
 */
export function dataKeysPolicy(
  keyArn: string,
  classes: readonly string[],
  acts: readonly ('seal' | 'open' | 'rewrap')[],
): readonly PolicyStatement[] {
  const actions = { seal: 'kms:GenerateDataKey', open: 'kms:Decrypt', rewrap: 'kms:Encrypt' } as const;
  return [
    {
      Sid: 'VaultDataKeys',
      Effect: 'Allow',
      Action: acts.map((act) => actions[act]),
      Resource: [keyArn],
      // A role opens its own classes of secrets and no other, although one key wraps all of them.
      Condition: { StringEquals: { 'kms:EncryptionContext:class': classes } },
    },
  ];
}

/** What a role needs to sign by asymmetric keys: account keys and CA keys. */
export const keySignerPolicy = (keyArns: readonly string[]): readonly PolicyStatement[] => [
  { Sid: 'SigningKeys', Effect: 'Allow', Action: ['kms:GetPublicKey', 'kms:Sign'], Resource: keyArns },
];
