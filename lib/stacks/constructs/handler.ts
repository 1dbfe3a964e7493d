import { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { type FunctionName, type FunctionSpec, functions } from '../functions.ts';
import { type Arns, allow, permissionsOf } from '../permissions.ts';
import { type House, logGroup } from './house.ts';
import { policyOf } from './policy.ts';

export interface HandlerProps {
  readonly house: House;
  readonly name: FunctionName;
  readonly arns: Arns;
  readonly environment: Readonly<Record<string, string>>;
  readonly logKey: IKey;
}

/** A function as this house runs it: its own bundle, its own role with what its row of the table allows, its own log. */
export class Handler extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, { house, name, arns, environment, logKey }: HandlerProps) {
    super(scope, id);
    const { purpose, memory, timeout }: FunctionSpec = functions[name];
    const log = logGroup(this, 'Log', house, logKey, name);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `${house.config.instance}: ${purpose}`,
    });
    const policy = policyOf(this, this.role, [
      allow('OwnLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [log.logGroupArn]),
      ...permissionsOf(functions[name], arns),
    ]);
    this.function = new LambdaFunction(this, 'Function', {
      functionName: `${house.config.instance}-${name}`,
      description: purpose,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(house.codeOf(name)),
      memorySize: memory,
      timeout: Duration.seconds(timeout),
      role: this.role,
      logGroup: log,
      loggingFormat: LoggingFormat.TEXT,
      environment,
    });
    this.function.node.addDependency(policy);
  }
}
