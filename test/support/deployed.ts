import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Ministack, startMinistack } from './peers/ministack.ts';
import { repository } from './peers/paths.ts';
import { tempDir } from './temp.ts';

/** An installation that the CDK deployed to the emulator. */
export interface Deployed {
  readonly aws: Ministack;
  /** Calls a function straight, with its own permissions. @returns its answer as JSON */
  invoke(name: string, event?: unknown): Promise<unknown>;
  /** A request through API Gateway. */
  request(
    method: string,
    path: string,
    options?: { readonly token?: string; readonly body?: unknown },
  ): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers have any shape
  readonly json: any;
}

const execute = promisify(execFile);

const ACCOUNT = '000000000000';

/** The emulator knows no metric math, which alarms are made with; the operations stack is tested on its template. */
const STACKS = ['data', 'workflow', 'api'];

/** Starts an emulator and deploys the app to it, from the same entry point that an operator uses. */
export async function deploy(instance = 'chancery'): Promise<Deployed> {
  const aws = await startMinistack();
  try {
    await cdk(aws, instance);
    const api = await apiId(aws);
    return {
      aws,
      invoke: (name, event = {}) => invoke(aws, `${instance}-${name}`, event),
      request: (method, path, options) =>
        request(`${aws.endpoint}/_aws/execute-api/${api}/$default${path}`, method, options),
      stop: () => aws.stop(),
    };
  } catch (error) {
    await aws.stop();
    throw error;
  }
}

async function cdk({ endpoint, region, credentials }: Ministack, instance: string): Promise<void> {
  const folder = tempDir('deployed');
  const config = join(folder, 'chancery.json');
  writeFileSync(config, JSON.stringify({ instance, account: ACCOUNT, region, removal: 'destroy' }));
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const cli = [
    join(repository, 'node_modules/aws-cdk/bin/cdk'),
    '-c',
    `config=${config}`,
    '--output',
    join(folder, 'out'),
  ];
  const run = (...args: string[]) => execute(process.execPath, [...cli, ...args], { cwd: repository, env });
  await run('bootstrap', `aws://${ACCOUNT}/${region}`);
  await run('deploy', '--require-approval', 'never', ...STACKS.map((stack) => `${instance}-${stack}`));
}

/** Signed for a service by name alone: the emulator looks no further. */
const scope = ({ region }: Ministack, service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
});

async function apiId(aws: Ministack): Promise<string> {
  const answer = await fetch(`${aws.endpoint}/v2/apis`, { headers: scope(aws, 'apigateway') });
  const { items } = (await answer.json()) as { items: { apiId: string }[] };
  return items[0]!.apiId;
}

async function invoke(aws: Ministack, name: string, event: unknown): Promise<unknown> {
  const url = `${aws.endpoint}/2015-03-31/functions/${name}/invocations`;
  const answer = await fetch(url, { method: 'POST', headers: scope(aws, 'lambda'), body: JSON.stringify(event) });
  const body: unknown = await answer.json();
  if (answer.headers.get('x-amz-function-error')) throw new Error(`${name}: ${JSON.stringify(body)}`);
  return body;
}

async function request(
  url: string,
  method: string,
  { token, body }: { token?: string; body?: unknown } = {},
): Promise<Answer> {
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const answer = await fetch(url, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, json: text ? JSON.parse(text) : undefined };
}
