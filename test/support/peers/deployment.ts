import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Route53Client } from '@aws-sdk/client-route-53';
import { clientOf } from '../aws.ts';
import { guard } from '../guard.ts';
import { tempDir } from '../temp.ts';
import { makeHostedZone, startZoneResolver } from './hostedZone.ts';
import { type IdentityIssuer, startIdentityIssuer } from './identityIssuer.ts';
import { type Ministack, startMinistack } from './ministack.ts';
import { repository } from './paths.ts';

/** An installation that the CDK deployed to the emulator, as plain data, so that it can be handed to another process. */
export interface DeploymentAddress {
  readonly aws: Pick<Ministack, 'endpoint' | 'port' | 'region' | 'credentials' | 'pid'>;
  /** The name that every function's begins with. */
  readonly instance: string;
  /** Id of the HTTP API. */
  readonly api: string;
  /** The hosted zone that the steps may change. */
  readonly zone: { readonly id: string; readonly name: string };
  /** `host:port` of a resolver that answers from that zone. */
  readonly resolver: string;
  /** Whose JWTs the API takes. */
  readonly identity: IdentityIssuer;
  /** A file with the milliseconds by which the functions' clock is ahead. */
  readonly ahead: string;
  /** Where its configuration stands and its templates are made. */
  readonly folder: string;
}

export interface Deployment extends DeploymentAddress {
  /** What the emulator itself said. */
  log(): string;
  stop(): Promise<void>;
}

type Emulator = DeploymentAddress['aws'];

const execute = promisify(execFile);

const ACCOUNT = '000000000000';

/** The emulator knows no metric math, which alarms are made with; the operations stack is tested on its template. */
const STACKS = ['data', 'workflow', 'api'];

/**
 * Loaded by every function before its code: a clock that a test can set ahead, and an HTTPS client that stays one. The emulator would have it
 * speak plain HTTP to this machine, where the test's CA and cluster are.
 */
const preload = (ahead: string) => `import { readFileSync } from 'node:fs';
import https from 'node:https';
const now = Date.now.bind(Date);
Date.now = () => now() + Number(readFileSync(${JSON.stringify(ahead)}, 'utf8'));
const { request } = https;
Object.defineProperty(https, 'request', { get: () => request, set() {} });
`;

/** Starts an emulator and deploys the app to it, from the same entry point that an operator uses. Takes most of a minute. */
export async function startDeployment(instance = 'chancery'): Promise<Deployment> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await start(instance, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(instance: string, undo: (() => Promise<void>)[]): Promise<Omit<Deployment, 'stop'>> {
  const folder = tempDir('deployed');
  const [ahead, before, roots] = ['ahead', 'before.mjs', 'roots.pem'].map((file) => join(folder, file)) as string[];
  const identity = await startIdentityIssuer();
  undo.push(identity.stop);
  writeFileSync(ahead!, '0');
  writeFileSync(before!, preload(ahead!));
  writeFileSync(roots!, identity.caPem);
  const aws = await startMinistack({
    NODE_EXTRA_CA_CERTS: roots!,
    NODE_OPTIONS: `--import=${before}`,
    // What a state machine waits for between tries, in tenths.
    SFN_WAIT_SCALE: '0.1',
  });
  undo.push(aws.stop);
  const zone = await makeHostedZone(new Route53Client(clientOf(aws)), 'example.test');
  const resolver = await startZoneResolver([zone]);
  undo.push(resolver.stop);
  const { region } = aws;
  const oidc = { issuer: identity.issuer, audience: [identity.audience] };
  const config = { instance, account: ACCOUNT, region, removal: 'destroy', allowAddresses: ['127.0.0.1'], oidc };
  const keys = { accountKeys: 'kms', caKeys: 'kms' };
  const { endpoint, port, credentials, pid } = aws;
  mkdirSync(join(folder, 'home'));
  writeFileSync(configOf(folder), JSON.stringify({ ...config, ...keys, route53: { zones: [zone.id] } }));
  await cdk(aws, folder, 'bootstrap', `aws://${ACCOUNT}/${region}`);
  await deploy(aws, folder, instance);
  return {
    aws: { endpoint, port, region, credentials, pid },
    instance,
    api: await apiId(aws),
    zone: { id: zone.id, name: zone.name },
    resolver: resolver.address,
    identity,
    ahead: ahead!,
    folder,
    log: aws.log,
  };
}

/** Deploys the installation once more with members of its configuration changed, as an operator does. */
export async function redeploy({ aws, folder, instance }: DeploymentAddress, change: object): Promise<void> {
  const before = JSON.parse(readFileSync(configOf(folder), 'utf8'));
  writeFileSync(configOf(folder), JSON.stringify({ ...before, ...change }));
  await deploy(aws, folder, instance);
}

const configOf = (folder: string): string => join(folder, 'chancery.json');

const deploy = (aws: Emulator, folder: string, instance: string): Promise<void> =>
  cdk(aws, folder, 'deploy', '--require-approval', 'never', ...STACKS.map((stack) => `${instance}-${stack}`));

async function cdk({ endpoint, region, credentials }: Emulator, folder: string, ...args: string[]): Promise<void> {
  const env = {
    PATH: process.env.PATH,
    HOME: join(folder, 'home'),
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const program = join(repository, 'node_modules/aws-cdk/bin/cdk');
  const cli = [program, '-c', `config=${configOf(folder)}`, '--output', join(folder, 'out')];
  const running = execute(process.execPath, [...cli, ...args], { cwd: repository, env });
  guard.process(running.child.pid!);
  await running.finally(() => guard.ended(running.child.pid!));
}

/** Signed for a service by name alone: the emulator looks no further. */
export const signedFor = ({ region }: Pick<Ministack, 'region'>, service: string) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
});

async function apiId(aws: Ministack): Promise<string> {
  const answer = await fetch(`${aws.endpoint}/v2/apis`, { headers: signedFor(aws, 'apigateway') });
  const { items } = (await answer.json()) as { items: { apiId: string }[] };
  return items[0]!.apiId;
}
