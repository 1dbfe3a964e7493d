import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { root } from '../bundle.ts';
import { allow } from '../permissions.ts';
import { type House, logGroup } from './house.ts';
import { policyOf } from './policy.ts';

/** A state machine of the folder statemachines. */
export type MachineName = 'issueCertificate' | 'deliverSecret';

export const machineNames: readonly MachineName[] = ['issueCertificate', 'deliverSecret'];

/** A machine's definition names a handler that nobody gave it, or was given one that it does not name. */
export class SubstitutionMismatch extends Error {
  override readonly name = 'SubstitutionMismatch';
}

export interface MachineProps {
  readonly house: House;
  readonly machine: MachineName;
  /** By the name of the Task state: `Order` stands for `${OrderFunctionArn}`. */
  readonly handlers: Readonly<Record<string, IFunction>>;
  readonly logKey: IKey;
}

/** A machine's file as the embedded service reads it too. */
export const definitionOf = (machine: MachineName): string =>
  readFileSync(join(root, `statemachines/${machine}.asl.json`), 'utf8');

/** The names between `${` and `}` of a definition. */
export const substitutionsOf = (definition: string): string[] =>
  [...new Set([...definition.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name!))].sort();

/**
 * A standard workflow from its file: each handler is filled in and may be called, and nothing else may. The log has no execution data, which
 * would be there for whoever reads logs.
 */
export class Machine extends Construct {
  readonly arn: string;
  /** ARNs of its executions, whatever their names. */
  readonly executions: string;

  constructor(scope: Construct, id: string, { house, machine, handlers, logKey }: MachineProps) {
    super(scope, id);
    const definition = definitionOf(machine);
    const entries = Object.entries(handlers).map(([state, handler]) => [`${state}FunctionArn`, handler] as const);
    const wanted = substitutionsOf(definition).join(', ');
    const given = entries
      .map(([name]) => name)
      .sort()
      .join(', ');
    if (wanted !== given) throw new SubstitutionMismatch(`${machine} names ${wanted}, and was given ${given}`);

    const log = logGroup(this, 'Log', house, logKey, machine);
    const role = new Role(this, 'Role', {
      // Only for machines of this account: docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      description: `${house.config.instance}: runs ${machine}`,
    });
    const policy = policyOf(this, role, [
      allow(
        'RunSteps',
        ['lambda:InvokeFunction'],
        Object.values(handlers).map(({ functionArn }) => functionArn),
      ),
      allow('DeliverLogs', LOG_DELIVERY, ['*']),
      allow('Trace', TRACING, ['*']),
    ]);
    const stateMachineName = `${house.config.instance}-${machine}`;
    const resource = new CfnStateMachine(this, 'Machine', {
      stateMachineName,
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: definition,
      definitionSubstitutions: Object.fromEntries(entries.map(([name, { functionArn }]) => [name, functionArn])),
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: false,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: log.logGroupArn } }],
      },
      tracingConfiguration: { enabled: true },
    });
    resource.node.addDependency(policy);
    this.arn = resource.attrArn;
    const { partition, region, account } = Stack.of(this);
    this.executions = `arn:${partition}:states:${region}:${account}:execution:${stateMachineName}:*`;
  }
}

const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
];

const TRACING = [
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];
