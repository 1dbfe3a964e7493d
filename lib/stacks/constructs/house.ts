import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import type { FunctionName } from '../functions.ts';

/** What every stack of an installation is made with. */
export interface House {
  readonly config: Config;
  /** The program's version. */
  readonly version: string;
  /** Path of the directory with the bundled code of a function. */
  readonly codeOf: (name: FunctionName) => string;
}

export const removalOf = ({ config }: House): RemovalPolicy =>
  config.removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;

/** What the names of the installation's log groups begin with: the key that encrypts them is for these alone. */
export const logGroupPrefix = ({ config }: House): string => `/chancery/${config.instance}/`;

/** The topic for people, by its name: the key that encrypts its messages is for it alone. */
export const notificationsTopic = ({ config }: House): string => `${config.instance}-notifications`;

/** The topic that alarms publish on, by its name: the key that encrypts its messages is for it alone. */
export const alarmsTopic = ({ config }: House): string => `${config.instance}-alarms`;

/** A log group with a name of its own, encrypted, that forgets in time. Logs go with their stack: they hold no fact that the ledger has not. */
export function logGroup(scope: Construct, id: string, house: House, key: IKey, part: string): LogGroup {
  return new LogGroup(scope, id, {
    logGroupName: `${logGroupPrefix(house)}${part}`,
    encryptionKey: key,
    retention: house.config.logRetentionDays as RetentionDays,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
