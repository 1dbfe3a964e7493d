import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { ledgerTables, type TableRole } from '../adapters/dynamodb/tables.ts';
import { alarmsTopic, type House, logGroupPrefix, notificationsTopic, removalOf } from './constructs/house.ts';
import { tableOf } from './constructs/table.ts';

/** Classes of data: a role that may read one need not read another. */
type KeyClass = 'ledger' | 'vault' | 'logs';

/** What must not be lost: the tables, and the keys without which they are noise. */
export class DataStack extends Stack {
  readonly keys: Readonly<Record<KeyClass, Key>>;
  /** Those that are used: the stack's own, or what was restored in their place. */
  readonly tables: Readonly<Record<TableRole, ITable>>;

  constructor(scope: Construct, id: string, { house, ...props }: StackProps & { readonly house: House }) {
    super(scope, id, { ...props, terminationProtection: house.config.removal === 'retain' });
    const key = (keyClass: KeyClass, holds: string): Key =>
      new Key(this, `${keyClass}Key`, {
        description: `${house.config.instance}: ${holds}`,
        enableKeyRotation: true,
        // The first two rotations of a key add a dollar a month each, so that the operator says how often.
        rotationPeriod: Duration.days(house.config.keyRotationDays),
        removalPolicy: removalOf(house),
      });
    this.keys = {
      ledger: key('ledger', 'the ledger, its views and its feed'),
      vault: key('vault', 'private keys, chains and credentials'),
      logs: key('logs', 'logs, and messages to people'),
    };
    this.#letLogsUse(this.keys.logs, house);
    this.#letAlarmsUse(this.keys.logs, house);
    this.#letNotificationsUse(this.keys.logs, house);
    const table = (role: TableRole): Table =>
      tableOf(this, role, ledgerTables[role], {
        key: this.keys[ledgerTables[role].encryptionKey],
        removalPolicy: removalOf(house),
        protect: house.config.removal === 'retain',
      });
    const own = {
      ledger: table('ledger'),
      views: table('views'),
      sealed: table('sealed'),
      challenges: table('challenges'),
    };
    this.tables = { ...own, ...this.#restored(own, house) };
  }

  /** The stack keeps its own tables, and what other stacks know of them until they are deployed too. */
  #restored(own: Readonly<Record<TableRole, Table>>, { config }: House): Partial<Record<TableRole, ITable>> {
    const { ledger, sealed } = config.restored;
    const restored = (role: 'ledger' | 'sealed', tableName: string, tableStreamArn?: string): ITable => {
      for (const known of [own[role].tableName, own[role].tableArn]) this.exportValue(known);
      if (own[role].tableStreamArn) this.exportValue(own[role].tableStreamArn);
      const { indexes, encryptionKey } = ledgerTables[role];
      return Table.fromTableAttributes(this, `${role}Restored`, {
        tableName,
        ...(tableStreamArn && { tableStreamArn }),
        encryptionKey: this.keys[encryptionKey],
        globalIndexes: indexes.map(({ name }) => name),
      });
    };
    return {
      ...(ledger && { ledger: restored('ledger', ledger.table, ledger.stream) }),
      ...(sealed && { sealed: restored('sealed', sealed.table) }),
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

  /** Alarms publish on their topic, which this key encrypts. https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html */
  #letAlarmsUse(key: Key, house: House): void {
    const topic = `arn:${this.partition}:sns:${this.region}:${this.account}:${alarmsTopic(house)}`;
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisInstallation',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['*'],
        conditions: { StringEquals: { 'kms:EncryptionContext:aws:sns:topicArn': topic } },
      }),
    );
  }
}
