import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { ledgerTables, type TableRole } from '../adapters/dynamodb/tables.ts';
import { type House, logGroupPrefix, notificationsTopic, removalOf } from './constructs/house.ts';
import { tableOf } from './constructs/table.ts';

/** Classes of data: a role that may read one need not read another. */
type KeyClass = 'ledger' | 'vault' | 'logs';

/** What must not be lost: the tables, and the keys without which they are noise. */
export class DataStack extends Stack {
  readonly keys: Readonly<Record<KeyClass, Key>>;
  readonly tables: Readonly<Record<TableRole, Table>>;

  constructor(scope: Construct, id: string, { house, ...props }: StackProps & { readonly house: House }) {
    super(scope, id, { ...props, terminationProtection: house.config.removal === 'retain' });
    const key = (keyClass: KeyClass, holds: string): Key =>
      new Key(this, `${keyClass}Key`, {
        description: `${house.config.instance}: ${holds}`,
        enableKeyRotation: true,
        removalPolicy: removalOf(house),
      });
    this.keys = {
      ledger: key('ledger', 'the ledger, its views and its feed'),
      vault: key('vault', 'private keys, chains and credentials'),
      logs: key('logs', 'logs, and messages to people'),
    };
    this.#letLogsUse(this.keys.logs, house);
    this.#letNotificationsUse(this.keys.logs, house);
    const table = (role: TableRole): Table =>
      tableOf(this, role, ledgerTables[role], {
        key: this.keys[ledgerTables[role].encryptionKey],
        removalPolicy: removalOf(house),
        protect: house.config.removal === 'retain',
      });
    this.tables = {
      ledger: table('ledger'),
      views: table('views'),
      sealed: table('sealed'),
      challenges: table('challenges'),
    };
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html */
  #letLogsUse(key: Key, house: House): void {
    const groups = `arn:${this.partition}:logs:${this.region}:${this.account}:log-group:${logGroupPrefix(house)}*`;
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LogsOfThisInstallation',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal(`logs.${this.region}.amazonaws.com`)],
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:DescribeKey',
        ],
        resources: ['*'],
        conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups } },
      }),
    );
  }

  /**
   * EventBridge puts its messages into the topic, and into no other. Its requests have no source that a condition could ask for:
   * https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
   */
  #letNotificationsUse(key: Key, house: House): void {
    const topic = `arn:${this.partition}:sns:${this.region}:${this.account}:${notificationsTopic(house)}`;
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NotificationsOfThisInstallation',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'kms:EncryptionContext:aws:sns:topicArn': topic } },
      }),
    );
  }
}
