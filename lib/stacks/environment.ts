import type { Stack } from 'aws-cdk-lib';
import type { House } from './constructs/house.ts';
import type { DataStack } from './data.ts';

/** The environment that functions/composition reads. Names and decisions, no secrets. */
export function environmentOf({ config, version }: House, { tables, keys }: DataStack): Record<string, string> {
  const { oidc, allowAddresses, instance, accountKeys, caKeys } = config;
  return {
    INSTANCE: instance,
    CHANCERY_VERSION: version,
    LEDGER_TABLE: tables.ledger.tableName,
    VIEWS_TABLE: tables.views.tableName,
    SEALED_TABLE: tables.sealed.tableName,
    CHALLENGES_TABLE: tables.challenges.tableName,
    VAULT_KEY: config.vault.key ?? keys.vault.keyArn,
    ...(config.vault.former.length > 0 && { FORMER_VAULT_KEYS: config.vault.former.join(',') }),
    ...(config.restored.ledger && { RESTORED_LEDGER: config.restored.ledger.table }),
    ...(accountKeys === 'kms' && { ACCOUNT_KEYS: accountKeys }),
    ...(caKeys === 'kms' && { CA_KEYS: caKeys }),
    ...(allowAddresses.length > 0 && { ALLOW_ADDRESSES: allowAddresses.join(',') }),
    ...(oidc && {
      OIDC_ISSUER: oidc.issuer,
      OIDC_AUDIENCE: oidc.audience.join(','),
      ...(oidc.teamClaim && { OIDC_TEAM_CLAIM: oidc.teamClaim }),
      ...(oidc.verbsClaim && { OIDC_VERBS_CLAIM: oidc.verbsClaim }),
    }),
  };
}

/** ARNs that permissions are about, for a stack's functions. What a stack has not is empty: no function of it asks. */
export function arnsOf(stack: Stack, { config }: House, { tables, keys }: DataStack) {
  const { prefix, roleArns } = config.secretsManager;
  return {
    tables: {
      ledger: tables.ledger.tableArn,
      views: tables.views.tableArn,
      sealed: tables.sealed.tableArn,
      challenges: tables.challenges.tableArn,
    },
    tableKeys: {
      ledger: keys.ledger.keyArn,
      views: keys.ledger.keyArn,
      sealed: keys.vault.keyArn,
      challenges: keys.ledger.keyArn,
    },
    vaultKey: config.vault.key ?? keys.vault.keyArn,
    formerVaultKeys: config.vault.former,
    signing: {
      keyArns: [`arn:${stack.partition}:kms:${stack.region}:${stack.account}:key/*`],
      aliasArn: `arn:${stack.partition}:kms:${stack.region}:${stack.account}:alias`,
      made: [
        ...(config.accountKeys === 'kms' ? (['account'] as const) : []),
        ...(config.caKeys === 'kms' ? (['ca'] as const) : []),
      ],
    },
    ledgerStream: '',
    machines: [] as string[],
    executions: [] as string[],
    deadLetters: '',
    readers: [] as string[],
    bus: '',
    dns: {
      zoneArns: config.route53.zones.map((zone) => `arn:${stack.partition}:route53:::hostedzone/${zone}`),
      roleArns: config.route53.roleArns,
    },
    eks: config.eks,
    secrets: {
      arns: [`arn:${stack.partition}:secretsmanager:${stack.region}:${stack.account}:secret:${prefix}*`],
      roleArns,
    },
    instance: config.instance,
    region: stack.region,
  };
}
