import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  type GlobalSecondaryIndexProps,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { IndexDefinition, TableDefinition } from '../../adapters/dynamodb/tables.ts';

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** A table as its definition says. What is precious can be restored to any second of 35 days, and is not deleted by mistake. */
export function tableOf(
  scope: Construct,
  id: string,
  definition: TableDefinition,
  {
    key,
    removalPolicy,
    protect,
  }: { readonly key: IKey; readonly removalPolicy: RemovalPolicy; readonly protect: boolean },
): Table {
  const { partitionKey, sortKey, indexes, timeToLive, stream, precious } = definition;
  const table = new Table(scope, id, {
    partitionKey: text(partitionKey),
    ...(sortKey && { sortKey: text(sortKey) }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: key,
    // Cheap for what is short-lived, and no table is left out by mistake.
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: precious && protect,
    removalPolicy,
    ...(timeToLive && { timeToLiveAttribute: timeToLive }),
    ...(stream && { stream: StreamViewType.NEW_IMAGE }),
  });
  for (const index of indexes) table.addGlobalSecondaryIndex(indexOf(index));
  return table;
}

const indexOf = ({ name, partitionKey, sortKey, projects }: IndexDefinition): GlobalSecondaryIndexProps => ({
  indexName: name,
  partitionKey: text(partitionKey),
  sortKey: text(sortKey),
  ...projection(projects),
});

function projection(projects: IndexDefinition['projects']) {
  if (projects === 'ALL') return { projectionType: ProjectionType.ALL };
  if (projects.length === 0) return { projectionType: ProjectionType.KEYS_ONLY };
  return { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...projects] };
}
