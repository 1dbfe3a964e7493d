import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Route53Client } from '@aws-sdk/client-route-53';
import { inject } from 'vitest';
import type { TableRole } from '../../lib/adapters/dynamodb/tables.ts';
import { clientOf } from './aws.ts';
import { awsQuery, elementOf } from './awsQuery.ts';
import { type Answer, ask, type Sent } from './httpAnswer.ts';
import { type DeploymentAddress, signedFor } from './peers/deployment.ts';
import { type HostedZone, openHostedZone } from './peers/hostedZone.ts';

/** The installation of this test run, and what tests do with it. Take a team of your own and leave the rest alone. */
export interface Deployed extends Omit<DeploymentAddress, 'zone'> {
  readonly zone: HostedZone;
  /** An administrator's token. */
  readonly admin: string;
  /** Options of an SDK client. */
  readonly client: ReturnType<typeof clientOf>;
  /** A request through API Gateway; as the administrator unless a token is given, which may be empty. */
  request(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** Calls a function straight, with its own permissions. @returns its answer as JSON */
  invoke(name: string, event?: unknown): Promise<unknown>;
  /** Lets a function run at most so many times at once; none: as many as it likes. Nobody runs at 0. */
  limit(name: string, concurrency: number | undefined): Promise<void>;
  /** How many seconds a function may run until the platform ends it. */
  setTimeout(name: string, seconds: number): Promise<void>;
  /** Ends a function's processes in the middle of what they do. @returns how many there were */
  kill(name: string): number;
  /** Sets the clock of every function so many seconds ahead of the true time. */
  setAhead(seconds: number): void;
  /** A call of an API that speaks JSON 1.0 or 1.1: `DynamoDB_20120810.ListTables`. */
  json<T>(service: string, target: string, input: object): Promise<T>;
  /** Id of the mapping by which a function reads the ledger's stream. */
  feedOf(name: string): Promise<string>;
  /** How many seconds a record may be old for which the mapping's function fails. */
  setLongestWait(mapping: string, seconds: number): Promise<void>;
  /** How many messages the queue holds by whose metric the alarm of the dead letters counts. */
  countedByAlarm(): Promise<number>;
  /** Bodies of what is in the dead-letter queue; it stays there. */
  deadLetters(): Promise<string[]>;
  /** A function's variables. */
  environmentOf(name: string): Promise<Readonly<Record<string, string>>>;
  /** Names of all log groups. */
  logGroups(): Promise<string[]>;
  /** All lines of a log group; a function's by its name alone, and the platform's own lines with it. */
  logOf(name: string): Promise<string>;
  /** What CloudWatch counted of a metric of a function since the emulator began. */
  sumOf(namespace: string, metric: string, name: string): Promise<number>;
  /** Those that the functions use: the stack's own, or what was restored in their place. */
  table(role: TableRole): string;
  /** An environment in which `chancery` speaks to it as the administrator. */
  readonly cli: Readonly<Record<string, string>>;
}

/** Milliseconds: most of it is the deployment, for whoever asks first. */
export const DEPLOYING = 600_000;

/** The app on the emulator, deployed when the first suite of a run asks for it. */
export async function deployed(): Promise<Deployed> {
  const answer = await ask(inject('peers'), undefined, 'GET', '/deployment');
  if (answer.status !== 200) throw new Error(`the app is not deployed: ${answer.text}`);
  const address: DeploymentAddress = JSON.parse(answer.text);
  const { aws, instance, api, zone, ahead } = address;
  const client = clientOf(aws);
  const url = `${aws.endpoint}/_aws/execute-api/${api}/$default`;
  const variables = await environmentOf(address, 'api');
  const invoke = (name: string, event: unknown = {}) => invoked(address, name, event);
  const { token: admin } = (await invoke('adminToken')) as { token: string };
  return {
    ...address,
    client,
    zone: openHostedZone(new Route53Client(client), zone.id, zone.name),
    admin,
    invoke,
    request: (method, path, sent) => ask(url, undefined, method, path, { token: admin, ...sent }),
    cli: { CHANCERY_URL: url, CHANCERY_TOKEN: admin },
    limit: (name, concurrency) => limit(address, name, concurrency),
    setTimeout: (name, Timeout) => rest(address, 'PUT', configurationOf(address, name), { Timeout }),
    kill: (name) => killed(aws.pid, `ministack-lambda-${instance}-${name}-`),
    setAhead: (seconds) => writeFileSync(ahead, String(seconds * 1000)),
    json: (service, target, input) => json(address, service, target, input),
    feedOf: async (name) => {
      const found = await rest<{ EventSourceMappings: { UUID: string }[] }>(
        address,
        'GET',
        `${FEEDS}?FunctionName=${instance}-${name}`,
      );
      return found.EventSourceMappings[0]!.UUID;
    },
    setLongestWait: (mapping, seconds) =>
      rest(address, 'PUT', `${FEEDS}${mapping}`, { MaximumRecordAgeInSeconds: seconds }),
    countedByAlarm: () => countedByAlarm(address),
    deadLetters: () => deadLetters(address),
    environmentOf: (name) => environmentOf(address, name),
    logGroups: async () => {
      const { logGroups } = await json<{ logGroups: { logGroupName: string }[] }>(
        address,
        'logs',
        'Logs_20140328.DescribeLogGroups',
        {},
      );
      return logGroups.map(({ logGroupName }) => logGroupName);
    },
    logOf: (name) => logOf(address, name.startsWith('/') ? name : `/chancery/${instance}/${name}`),
    sumOf: (namespace, metric, name) => sumOf(address, namespace, metric, name),
    table: (role) => variables[`${role.toUpperCase()}_TABLE`]!,
  };
}

async function invoked({ aws, instance }: DeploymentAddress, name: string, event: unknown): Promise<unknown> {
  const url = `${aws.endpoint}/2015-03-31/functions/${instance}-${name}/invocations`;
  const answer = await fetch(url, { method: 'POST', headers: signedFor(aws, 'lambda'), body: JSON.stringify(event) });
  const body: unknown = await answer.json();
  if (answer.headers.get('x-amz-function-error') || !answer.ok) throw new Error(`${name}: ${JSON.stringify(body)}`);
  return body;
}

const FEEDS = '/2015-03-31/event-source-mappings/';

/** A call of Lambda's API. */
async function rest<T>({ aws }: DeploymentAddress, method: string, path: string, body?: object): Promise<T> {
  const headers = signedFor(aws, 'lambda');
  const answer = await fetch(`${aws.endpoint}${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

async function environmentOf(address: DeploymentAddress, name: string): Promise<Readonly<Record<string, string>>> {
  const { Environment } = await rest<{ Environment: { Variables: Record<string, string> } }>(
    address,
    'GET',
    configurationOf(address, name),
  );
  return Environment.Variables;
}

const configurationOf = ({ instance }: DeploymentAddress, name: string): string =>
  `/2015-03-31/functions/${instance}-${name}/configuration`;

function limit(address: DeploymentAddress, name: string, concurrency?: number): Promise<void> {
  const path = `/2017-10-31/functions/${address.instance}-${name}/concurrency`;
  if (concurrency === undefined) return rest(address, 'DELETE', path);
  return rest(address, 'PUT', path, { ReservedConcurrentExecutions: concurrency });
}

interface Alarm {
  readonly Type: string;
  readonly Properties: {
    readonly AlarmName: string;
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions: readonly { readonly Name: string; readonly Value: { readonly 'Fn::ImportValue': string } }[];
  };
}

/**
 * The emulator makes no metrics of queues. This follows the alarm of the template to the queue that is deployed, and reads there what SQS makes the
 * metric of. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
async function countedByAlarm(address: DeploymentAddress): Promise<number> {
  const { aws, instance, folder } = address;
  const template = readFileSync(join(folder, 'out', `${instance}-operations.template.json`), 'utf8');
  const { Resources }: { Resources: Record<string, Alarm> } = JSON.parse(template);
  const name = `${instance}-dead-letters`;
  const { Namespace, MetricName, Dimensions } = Object.values(Resources).find(
    ({ Properties }) => Properties.AlarmName === name,
  )!.Properties;
  const [queue, ...more] = Dimensions;
  if (
    `${Namespace} ${MetricName} ${queue!.Name} ${more.length}` !==
    'AWS/SQS ApproximateNumberOfMessagesVisible QueueName 0'
  )
    throw new Error(`the alarm looks at ${JSON.stringify([Namespace, MetricName, Dimensions])}`);
  const exported = queue!.Value['Fn::ImportValue'];
  const exports = await awsQuery(aws, 'cloudformation', 'ListExports', {});
  const member = exports.split('<member>').find((one) => elementOf(one, 'Name') === exported);
  const QueueName = elementOf(member ?? '', 'Value');
  const { QueueUrl } = await json<{ QueueUrl: string }>(address, 'sqs', 'AmazonSQS.GetQueueUrl', { QueueName });
  const { Attributes } = await json<{ Attributes: { ApproximateNumberOfMessages: string } }>(
    address,
    'sqs',
    'AmazonSQS.GetQueueAttributes',
    { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] },
  );
  return Number(Attributes.ApproximateNumberOfMessages);
}

async function deadLetters(address: DeploymentAddress): Promise<string[]> {
  const call = <T>(action: string, input: object) => json<T>(address, 'sqs', `AmazonSQS.${action}`, input);
  const { QueueUrl } = await call<{ QueueUrl: string }>('GetQueueUrl', {
    QueueName: `${address.instance}-dead-letters`,
  });
  const look = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
  const { Messages = [] } = await call<{ Messages?: { Body: string }[] }>('ReceiveMessage', look);
  return Messages.map(({ Body }) => Body);
}

async function logOf(address: DeploymentAddress, logGroupName: string): Promise<string> {
  const lines: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await json<{ events: { message: string }[]; nextToken?: string }>(
      address,
      'logs',
      'Logs_20140328.FilterLogEvents',
      { logGroupName, ...(nextToken && { nextToken }) },
    );
    lines.push(...page.events.map(({ message }) => message));
    nextToken = page.nextToken;
  } while (nextToken);
  return lines.join('\n');
}

async function json<T>({ aws }: DeploymentAddress, service: string, target: string, input: object): Promise<T> {
  const headers = { ...signedFor(aws, service), 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' };
  const answer = await fetch(aws.endpoint, { method: 'POST', headers, body: JSON.stringify(input) });
  if (!answer.ok) throw new Error(`${target}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function sumOf(address: DeploymentAddress, Namespace: string, MetricName: string, name: string): Promise<number> {
  const now = Date.now() / 1000;
  const { Datapoints } = await json<{ Datapoints: readonly { Sum: number }[] }>(
    address,
    'monitoring',
    'GraniteServiceVersion20100801.GetMetricStatistics',
    {
      Namespace,
      MetricName,
      Dimensions: [{ Name: 'FunctionName', Value: `${address.instance}-${name}` }],
      StartTime: now - 3600,
      EndTime: now + 60,
      Period: 3600,
      Statistics: ['Sum'],
    },
  );
  return Datapoints.reduce((sum, { Sum }) => sum + Sum, 0);
}

/** Only processes that the emulator started, told by the folder that their code is in. */
function killed(emulator: number, folder: string): number {
  const children = readdirSync('/proc').filter((pid) => {
    try {
      const parent = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      return parent === emulator && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
  for (const pid of children) process.kill(Number(pid), 'SIGKILL');
  return children.length;
}
