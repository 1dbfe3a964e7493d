import { X509Certificate } from 'node:crypto';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { nameAfter } from '../../lib/adapters/stepfunctions/workflows.ts';
import { executionName } from '../../lib/application/reactions/runs.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import type { Deployed } from './deployed.ts';
import { type FaultyCa, startFaultyCa } from './faultyCa.ts';
import type { Answer } from './httpAnswer.ts';
import { acmeIssuer } from './issuing.ts';
import type { SecretObject } from './peers/kubeHelpers.ts';
import { type Pebble, startPebble } from './peers/pebble.ts';
import { sharedCluster } from './peers/sharedCluster.ts';

/** A team on the deployed app, with an issuer at a CA of its own that is proved to in the hosted zone, and a namespace of a real cluster. */
export interface Tenant {
  readonly team: string;
  readonly pebble: Pebble;
  /** Stands before the CA, counts what it is asked, and fails on demand. */
  readonly front: FaultyCa;
  readonly namespace: string;
  /** What the service enters the namespace with. */
  readonly clusterToken: string;
  /** A kubeconfig of the cluster with a token. */
  kubeconfig(token: string): string;
  /** Asks for a certificate that is delivered to the Secret of its name, and elsewhere besides. */
  request(name: string, dnsNames?: readonly string[], ...more: readonly Destination[]): Promise<void>;
  /** The certificate as the API describes it. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into all of it
  describe(name: string): Promise<any>;
  renew(name: string): Promise<Answer>;
  /** Waits until the revision is issued, and confirmed by every destination. */
  settled(name: string, revision?: number): Promise<void>;
  secret(name: string): Promise<SecretObject | undefined>;
  /** The delivered leaf and the PEM of its chain. */
  delivered(name: string): Promise<{ readonly leaf: X509Certificate; readonly chain: string }>;
  /** States that the execution of a run entered, in their order; undefined while there is none. */
  issuing(name: string, revision?: number, run?: number): Promise<Execution | undefined>;
  delivering(name: string, run?: number): Promise<Execution | undefined>;
  /** How often the CA was asked for an order. */
  orders(): number;
  stop(): Promise<void>;
}

export interface Execution {
  readonly arn: string;
  readonly status: string;
  readonly states: readonly string[];
  /** How often a task failed. */
  readonly failures: number;
  /** All that the history holds, as text. */
  readonly text: string;
}

export async function startTenant(app: Deployed, team: string): Promise<Tenant> {
  const pebble = await startPebble({ dnsServer: app.resolver });
  const front = await startFaultyCa(pebble);
  const cluster = await sharedCluster();
  const namespace = await cluster.makeNamespace(team);
  const token = await cluster.makeToken({ namespace });
  const hostedZoneID = app.zone.id;
  const policy = { names: ['**'], destinations: ['**', 'secretsManager:**'], route53Zones: [hostedZoneID] };
  await must(app.request('PUT', `/v1/teams/${team}`, { body: { policy } }));
  await must(app.request('PUT', `/v1/clusters/${team}`, { body: { kubeconfig: cluster.kubeconfig({ token }) } }));
  const solvers = [{ dns01: { route53: { hostedZoneID }, nameservers: [app.resolver] } }];
  await must(app.request('PUT', `/v1/teams/${team}/issuers/ca`, { body: { spec: acmeIssuer(front, { solvers }) } }));
  const at = (name: string) => `/v1/teams/${team}/certificates/${name}`;
  const destination = (name: string) => ({ kind: 'kubernetes', cluster: team, namespace, secretName: name }) as const;
  const describe = async (name: string) => (await must(app.request('GET', at(name)))).json;
  const secret = (name: string) => cluster.secret(namespace, name);
  return {
    team,
    pebble,
    front,
    namespace,
    clusterToken: token,
    kubeconfig: (other) => cluster.kubeconfig({ token: other }),
    async request(name, dnsNames = [`${name}.${team}.example.test`], ...more) {
      const destinations = [destination(name), ...more];
      const spec = { dnsNames, issuerRef: { name: 'ca' }, secretName: name, destinations };
      await must(app.request('PUT', at(name), { body: { spec } }));
    },
    describe,
    renew: (name) => must(app.request('POST', `${at(name)}/renew`)),
    settled: (name, revision = 1) =>
      soon(`${team}/${name} settles`, async () => {
        const { status } = await describe(name);
        const there = (delivery: { revision?: number; status: string }) =>
          delivery.revision === revision && delivery.status === 'confirmed';
        if (status.revision !== revision || !status.deliveries.every(there)) throw new Error(JSON.stringify(status));
      }),
    secret,
    async delivered(name) {
      const { data } = (await secret(name))!;
      const chain = Buffer.from(data!['tls.crt']!, 'base64').toString('utf8');
      return { leaf: new X509Certificate(chain), chain };
    },
    async issuing(name, revision = 1, run = 1) {
      const { uid } = await describe(name);
      return execution(app, 'issueCertificate', executionName(issuanceStream(uid, revision), run));
    },
    delivering: (name, run = 1) =>
      execution(app, 'deliverSecret', executionName(deliveryStream(destinationKey(destination(name))), run)),
    orders: () => front.seen.filter(({ path }) => path.includes('order-plz')).length,
    async stop() {
      await front.close();
      await pebble.stop();
    },
  };
}

/** @throws what the API said when it is a refusal */
async function must(asked: Promise<Answer>): Promise<Answer> {
  const answer = await asked;
  if (answer.status >= 300) throw new Error(`answered ${answer.status}: ${answer.text}`);
  return answer;
}

/** The ARN of a state machine by its name in the code. */
export async function machineArn({ client, instance }: Deployed, machine: string): Promise<string> {
  const { stateMachines = [] } = await new SFNClient(client).send(new ListStateMachinesCommand({}));
  return stateMachines.find(({ name }) => name === `${instance}-${machine}`)!.stateMachineArn!;
}

async function execution(app: Deployed, machine: string, name: string): Promise<Execution | undefined> {
  const { RESTORED_LEDGER } = await app.environmentOf('scan');
  const executions = (await machineArn(app, machine)).replace(':stateMachine:', ':execution:');
  return executionOf(app, `${executions}:${nameAfter(name, RESTORED_LEDGER)}`);
}

/** The execution, if there is one. */
export async function executionOf(app: Deployed, arn: string): Promise<Execution | undefined> {
  const sfn = new SFNClient(app.client);
  const described = await sfn.send(new DescribeExecutionCommand({ executionArn: arn })).catch((error: Error) => {
    if (error.name !== 'ExecutionDoesNotExist') throw error;
  });
  if (!described) return undefined;
  const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn: arn, maxResults: 1000 }));
  return {
    arn,
    status: described.status!,
    states: events.flatMap(({ stateEnteredEventDetails: state }) => (state?.name ? [state.name] : [])),
    failures: events.filter(({ type }) => type === 'TaskFailed').length,
    text: JSON.stringify([described, events]),
  };
}

/** The execution when it is over. */
export const ended = (what: string, look: () => Promise<Execution | undefined>): Promise<Execution> =>
  soon(`${what} ends`, async () => {
    const found = await look();
    if (!found || found.status === 'RUNNING') throw new Error(found?.text ?? 'it did not begin');
    return found;
  });

/** Milliseconds that something may take on a busy machine where each function is a process, and between two looks. */
const PATIENCE = 150_000;
const PAUSE = 250;

/** Waits until no challenge stands at the name any more: a run cleans up after it has delivered or failed. */
export const cleanedUp = (app: Deployed, name: string): Promise<void> =>
  soon(`${name} is cleaned up`, async () => {
    const values = await app.zone.query(`_acme-challenge.${name}`, 'TXT');
    if (values.length > 0) throw new Error(values.join(', '));
  });

/** What `look` answers as soon as it does not throw; what it threw last when that takes too long. */
export async function soon<T>(what: string, look: () => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() > until) throw new Error(`timed out: ${what}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}
