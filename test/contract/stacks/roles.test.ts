import { beforeAll, describe, expect, it } from 'vitest';
import { functionNames } from '../../../lib/stacks/functions.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import {
  allowedBy,
  type Policy,
  type Request,
  type Roles,
  type Statement,
  synthesizedRoles,
} from '../../support/roles.ts';

/**
 * Which classes of secrets each function may open and seal: written down here a second time, by hand. A function that is in neither table
 * opens and seals nothing.
 */
const MAY_OPEN: Readonly<Record<string, readonly string[]>> = {
  order: ['account', 'credential'],
  challenge: ['account', 'credential', 'key'],
  finalize: ['account', 'chain', 'credential', 'key'],
  store: ['account', 'chain', 'credential'],
  cleanUp: ['credential'],
  push: ['chain', 'cluster', 'key'],
  react: ['account', 'chain', 'cluster', 'credential', 'key'],
  scan: ['account', 'chain', 'cluster', 'credential', 'key'],
  api: ['chain', 'cluster', 'credential', 'key'],
  // It answers how many there were.
  rewrap: ['account', 'chain', 'cluster', 'credential', 'key'],
};
const MAY_SEAL: Readonly<Record<string, readonly string[]>> = {
  order: ['account'],
  challenge: ['account', 'key'],
  finalize: ['account', 'chain', 'key'],
  store: ['account', 'chain'],
  react: ['account'],
  scan: ['account'],
  api: ['cluster', 'credential'],
};
/** Whose rows each may delete. */
const MAY_PURGE: Readonly<Record<string, readonly string[]>> = {
  react: ['chain', 'key'],
  scan: ['chain', 'key'],
  api: ['cluster', 'credential'],
};
/** The same for the keys in KMS that are signed with. */
const MAY_SIGN: Readonly<Record<string, readonly string[]>> = {
  order: ['account'],
  challenge: ['account'],
  finalize: ['account', 'ca'],
  store: ['account'],
  react: ['account'],
  scan: ['account'],
};
const MAY_MAKE: Readonly<Record<string, readonly string[]>> = {
  order: ['account'],
  finalize: ['ca'],
  react: ['account'],
  scan: ['account'],
};
const CLASSES = ['account', 'chain', 'cluster', 'credential', 'key'];
const KEY_CLASSES = ['account', 'ca'];

/** A role that is assumed to speak to clusters. */
const CLUSTERS = 'arn:aws:iam::444455556666:role/clusters';

/** A question, and the answer that it must get. */
interface Question extends Request {
  readonly may: boolean;
}

const said = ({ role, action, resource, context }: Request): string =>
  `${role} ${action} ${resource} ${JSON.stringify(context ?? {})}`;

/** One class of secrets more than the statement names. */
const withClass = (statement: Statement, more: string): Statement => ({
  ...statement,
  Condition: { StringEquals: { 'kms:EncryptionContext:class': [more, 'credential'] } },
});

describeWith(['ministack'], "the functions' roles, by a simulation of their policies", () => {
  let roles: Roles;
  let vaultKey: string;
  let ledgerTable: string;
  let sealedTable: string;

  beforeAll(() => {
    roles = synthesizedRoles({
      accountKeys: 'kms',
      caKeys: 'kms',
      route53: { zones: ['Z1'] },
      eks: { roleArns: [CLUSTERS] },
    });
    const { VAULT_KEY, SEALED_TABLE, LEDGER_TABLE } = roles.environments.order!;
    const arn = (name: string) => `arn:aws:dynamodb:${roles.region}:${roles.account}:table/${name}`;
    [vaultKey, sealedTable, ledgerTable] = [VAULT_KEY!, arn(SEALED_TABLE!), arn(LEDGER_TABLE!)];
  });

  /** What is answered otherwise than it must be. */
  const wrong = async (questions: readonly Question[], policies = roles.policies): Promise<string[]> => {
    const answers = await allowedBy(roles, policies, questions);
    return questions.filter(({ may }, index) => may !== answers[index]).map(said);
  };
  const everybody = (ask: (role: string) => readonly Question[]): Question[] => functionNames.flatMap(ask);

  const decrypting = (role: string): Question[] =>
    CLASSES.map((one) => ({
      role,
      action: 'kms:Decrypt',
      resource: vaultKey,
      context: { 'kms:EncryptionContext:class': one },
      may: MAY_OPEN[role]?.includes(one) ?? false,
    }));
  const sealing = (role: string): Question[] =>
    CLASSES.map((one) => ({
      role,
      action: 'kms:GenerateDataKey',
      resource: vaultKey,
      context: { 'kms:EncryptionContext:class': one },
      may: MAY_SEAL[role]?.includes(one) ?? false,
    }));
  const rows = (role: string): Question[] =>
    CLASSES.flatMap((one) => {
      const row = { role, resource: sealedTable, context: { 'dynamodb:LeadingKeys': [`${one}/shop/name`] } };
      const [opens, seals] = [MAY_OPEN, MAY_SEAL].map((table) => table[role]?.includes(one) ?? false);
      return [
        { ...row, action: 'dynamodb:GetItem', may: opens! || seals! },
        { ...row, action: 'dynamodb:PutItem', may: seals! },
        { ...row, action: 'dynamodb:DeleteItem', may: MAY_PURGE[role]?.includes(one) ?? false },
        ...['Scan', 'UpdateItem'].map((verb) => ({ ...row, action: `dynamodb:${verb}`, may: role === 'rewrap' })),
        { ...row, action: 'dynamodb:Query', may: false },
      ];
    });
  const signingKey = 'arn:aws:kms:eu-central-1:111122223333:key/one';
  const tagged = (of: string, keyClass: string, instance = 'chancery') => ({
    [`aws:${of}/chancery.dev/instance`]: instance,
    [`aws:${of}/chancery.dev/class`]: keyClass,
  });
  const signing = (role: string): Question[] =>
    KEY_CLASSES.flatMap((one) => {
      const key = { role, resource: signingKey, context: tagged('ResourceTag', one) };
      const [signs, makes] = [MAY_SIGN, MAY_MAKE].map((table) => table[role]?.includes(one) ?? false);
      const made = { ...tagged('RequestTag', one), 'kms:KeyUsage': 'SIGN_VERIFY' };
      return [
        { ...key, action: 'kms:Sign', may: signs! },
        { ...key, action: 'kms:ScheduleKeyDeletion', may: makes! || (role === 'react' && one === 'ca') },
        { role, action: 'kms:CreateKey', resource: '*', context: made, may: makes! },
        { ...key, action: 'kms:Sign', context: tagged('ResourceTag', one, 'another'), may: false },
        { ...key, action: 'kms:Sign', context: {}, may: false },
      ];
    });

  it('open, each, their own classes of secrets and no other', async () => {
    const questions = everybody(decrypting);
    expect(questions.filter(({ may }) => may)).toHaveLength(35);
    expect(questions.filter(({ may }) => !may).length).toBeGreaterThan(40);
    expect(await wrong(questions)).toEqual([]);
  });

  it('seal their own classes, and neither read nor overwrite rows of others', async () => {
    expect(await wrong(everybody(sealing))).toEqual([]);
    expect(await wrong(everybody(rows))).toEqual([]);
  });

  it('open nothing without the class, with the key of another class of data, or with that of another', async () => {
    const context = { 'kms:EncryptionContext:class': 'chain' };
    const other = 'arn:aws:kms:eu-central-1:111122223333:key/another';
    const questions = everybody((role) => [
      { role, action: 'kms:Decrypt', resource: vaultKey, may: false },
      { role, action: 'kms:Decrypt', resource: other, context, may: false },
      // What encrypts the tables at rest is DynamoDB's to use, on behalf of whoever may read the table.
      {
        role,
        action: 'kms:Decrypt',
        resource: vaultKey,
        context: { 'kms:ViaService': 's3.eu-central-1.amazonaws.com' },
        may: false,
      },
    ]);
    expect(await wrong(questions)).toEqual([]);
  });

  it('sign with keys in KMS of their own classes, of this installation, and make no other', async () => {
    expect(await wrong(everybody(signing))).toEqual([]);
  });

  it('write the ledger only where they append to it, and change nothing there', async () => {
    const readers = ['project', 'http01', 'rebuild', 'rewrap'];
    const questions = everybody((role) => [
      { role, action: 'dynamodb:PutItem', resource: ledgerTable, may: !readers.includes(role) },
      { role, action: 'dynamodb:DeleteItem', resource: ledgerTable, may: false },
      { role, action: 'dynamodb:UpdateItem', resource: ledgerTable, may: role === 'scan' },
    ]);
    expect(await wrong(questions)).toEqual([]);
  });

  it('change TXT records under _acme-challenge. in the zones of the configuration, and only two of them', async () => {
    const change = (names: readonly string[], types: readonly string[], zone = 'Z1') => ({
      action: 'route53:ChangeResourceRecordSets',
      resource: `arn:aws:route53:::hostedzone/${zone}`,
      context: {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': names,
        'route53:ChangeResourceRecordSetsRecordTypes': types,
        'route53:ChangeResourceRecordSetsActions': ['CREATE'],
      },
    });
    const challenge = '_acme-challenge.app.example.com';
    const questions = everybody((role) => [
      { role, ...change([challenge], ['TXT']), may: ['challenge', 'cleanUp'].includes(role) },
      { role, ...change([challenge, 'app.example.com'], ['TXT']), may: false },
      { role, ...change([challenge], ['TXT', 'A']), may: false },
      { role, ...change([challenge], ['TXT'], 'Z2'), may: false },
    ]);
    expect(await wrong(questions)).toEqual([]);
  });

  it('assume the roles that the configuration names, for what it names them', async () => {
    const questions = everybody((role) => [
      { role, action: 'sts:AssumeRole', resource: CLUSTERS, may: ['push', 'react', 'scan'].includes(role) },
      { role, action: 'sts:AssumeRole', resource: CLUSTERS.replace('clusters', 'admin'), may: false },
    ]);
    expect(await wrong(questions)).toEqual([]);
  });

  it('have policies that fit into a role: IAM takes 10,240 characters without blanks', () => {
    const sizes = Object.values(roles.policies).map((policy) => JSON.stringify(policy).replaceAll(/\s/g, '').length);
    expect(sizes).toHaveLength(functionNames.length);
    expect(Math.max(...sizes)).toBeLessThan(10_240);
  });

  describe('where a policy says more than it should', () => {
    /** The policies, with one statement of a role's changed. */
    const mutated = (
      role: string,
      sid: string,
      change: (statement: Statement) => Statement,
    ): Record<string, Policy> => {
      const policy = roles.policies[role]!;
      expect(policy.Statement.filter(({ Sid }) => Sid === sid)).toHaveLength(1);
      const Statement = policy.Statement.map((one) => (one.Sid === sid ? change(one) : one));
      return { ...roles.policies, [role]: { ...policy, Statement } };
    };
    const unconditional = ({ Condition: _, ...rest }: Statement): Statement => rest;

    it.each([
      ['opens whatever it likes', 'order', 'OpenSecrets', unconditional, decrypting, 3],
      ['opens one class more', 'cleanUp', 'OpenSecrets', (one: Statement) => withClass(one, 'key'), decrypting, 1],
      ['seals whatever it likes', 'store', 'SealSecrets', unconditional, sealing, 3],
      ['reads all rows', 'push', 'ReadSealedRows', unconditional, rows, 2],
      ['overwrites all rows', 'api', 'WriteSealedRows', unconditional, rows, 3],
      ['deletes all rows', 'react', 'PurgeSealedRows', unconditional, rows, 3],
      ['signs with every key', 'challenge', 'SignByKeys', unconditional, signing, 5],
    ] as const)('it is found: a role that %s', async (_, role, sid, change, ask, count) => {
      expect(await wrong(everybody(ask), mutated(role, sid, change))).toHaveLength(count);
    });

    it('also where it says less', async () => {
      const silent = mutated('store', 'OpenSecrets', (statement) => ({ ...statement, Effect: 'Deny' }));
      expect(await wrong(everybody(decrypting), silent)).toHaveLength(3);
    });
  });
});
