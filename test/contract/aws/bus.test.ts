import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  CreateArchiveCommand,
  CreateEventBusCommand,
  DescribeArchiveCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventBridgeBus } from '../../../lib/adapters/eventbridge/bus.ts';
import { busSource } from '../../../lib/adapters/eventbridge/policy.ts';
import { clientOf } from '../../support/aws.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../../support/peers/ministack.ts';
import { makeQueue, type Queue } from '../../support/queue.ts';
import { synthesizedTemplates } from '../../support/synthesized.ts';
import { type BusBench, busContract, newEvent, type Received } from '../bus.ts';

const SOURCE = busSource('test');

/** An event as a rule hands it to its target. */
interface Delivered {
  readonly source: string;
  readonly 'detail-type': string;
  readonly detail: Received['event'];
}

const received = ({ source, 'detail-type': type, detail: event }: Delivered): Received => ({ source, type, event });

/** A rule of the bus that puts what matches into a new queue. */
async function listen(
  client: EventBridgeClient,
  aws: Ministack,
  bus: string,
  pattern: object,
  target: Partial<Target> = {},
): Promise<Queue> {
  const name = `${bus}-${createHash('sha256').update(JSON.stringify(pattern)).digest('hex').slice(0, 8)}`;
  const queue = await makeQueue(aws, name);
  await client.send(new PutRuleCommand({ EventBusName: bus, Name: name, EventPattern: JSON.stringify(pattern) }));
  const Targets = [{ ...target, Id: 'queue', Arn: queue.arn }];
  await client.send(new PutTargetsCommand({ EventBusName: bus, Rule: name, Targets }));
  return queue;
}

interface RuleProperties {
  readonly Name: string;
  readonly EventPattern: object;
  readonly Targets: readonly Pick<Target, 'InputTransformer'>[];
}

/** The rules that tell people, as the stack has them. */
function rulesOf(instance: string): RuleProperties[] {
  const path = synthesizedTemplates({ instance }).find((one) => one.includes(`${instance}-events`))!;
  const { Resources } = JSON.parse(readFileSync(path, 'utf8')) as {
    Resources: Record<string, { Type: string; Properties: RuleProperties }>;
  };
  return Object.values(Resources).flatMap(({ Type, Properties }) => (Type === 'AWS::Events::Rule' ? [Properties] : []));
}

async function bench(): Promise<BusBench> {
  const aws = await startMinistack();
  const client = new EventBridgeClient(clientOf(aws));
  await client.send(new CreateEventBusCommand({ Name: 'all' }));
  const queue = await listen(client, aws, 'all', { source: [SOURCE] });
  return {
    bus: eventBridgeBus(client, { bus: 'all', source: SOURCE }),
    source: SOURCE,
    received: async () => (await queue.bodies()).map((body) => received(JSON.parse(body) as Delivered)),
    close: async () => {
      client.destroy();
      await aws.stop();
    },
  };
}

describeWith(['ministack'], 'EventBridge', () => {
  busContract('eventBridgeBus', bench);
});

describeWith(['ministack'], 'Rules on the bus', () => {
  let aws: Ministack;
  let client: EventBridgeClient;
  beforeAll(async () => {
    aws = await startMinistack();
    client = new EventBridgeClient(clientOf(aws));
    await client.send(new CreateEventBusCommand({ Name: 'chancery' }));
  });
  afterAll(async () => {
    client?.destroy();
    await aws?.stop();
  });
  const bus = () => eventBridgeBus(client, { bus: 'chancery', source: SOURCE });

  it('pick events by type, and failures by how many they are in a row', async () => {
    const failures = await listen(client, aws, 'chancery', {
      source: [SOURCE],
      'detail-type': ['certificate.failed'],
      detail: { failures: [1, 10, 100] },
    });
    const ofTeam = await listen(client, aws, 'chancery', { detail: { team: ['shop'] } });
    const failure = (count: number) => newEvent({ type: 'certificate.failed', failures: count });
    const told = [failure(1), failure(10)];
    const others = [failure(2), failure(11), newEvent(), newEvent({ team: 'other' })];
    await bus().publish([...told, ...others]);
    const idsIn = async (queue: Queue) =>
      (await queue.bodies()).map((body) => (JSON.parse(body) as Delivered).detail.id).sort();
    await expect.poll(() => idsIn(failures)).toEqual(told.map(({ id }) => id));
    const shop = [...told, ...others].filter(({ team }) => team === 'shop').map(({ id }) => id);
    await expect.poll(() => idsIn(ofTeam)).toEqual(shop.sort());
  });

  it('that the stack has bring people what they are to know, in words', async () => {
    await client.send(new CreateEventBusCommand({ Name: 'people' }));
    const rules = rulesOf('test');
    const queues = await Promise.all(
      rules.map(({ EventPattern, Targets }) =>
        listen(client, aws, 'people', EventPattern, { InputTransformer: Targets[0]!.InputTransformer }),
      ),
    );
    const failure = (failures: number, name: string) =>
      newEvent({
        type: 'certificate.failed',
        name,
        failures,
        revision: 4,
        destination: 'kubernetes/prod/shop/tls',
        message: 'Not delivered: the cluster is away',
        cause: { code: 'ClusterUnreachable', detail: 'the cluster is away', remedy: 'Look after the cluster.' },
      });
    const expiring = newEvent({ type: 'certificate.expiring', name: 'old', revision: 2, message: 'Ends soon' });
    await eventBridgeBus(client, { bus: 'people', source: SOURCE }).publish([
      newEvent({ type: 'certificate.requested' }),
      newEvent({ type: 'certificate.delivered' }),
      failure(1, 'first'),
      failure(2, 'second'),
      failure(100, 'hundredth'),
      expiring,
    ]);
    const messages = async () => (await Promise.all(queues.map((queue) => queue.bodies()))).flat();
    await expect.poll(async () => (await messages()).length).toBe(3);
    const [first] = (await messages()).filter((message) => message.includes('shop/first'));
    expect(first).toContain('shop/first: Not delivered: the cluster is away');
    expect(first).toContain(`certificate.failed at ${expiring.at}, revision 4 kubernetes/prod/shop/tls`);
    expect(first).toContain('Look after the cluster.');
    const text = (await messages()).join();
    expect(text).toContain('shop/hundredth');
    expect(text).toContain('shop/old: Ends soon');
  }, 180_000);

  it('stand beside an archive, which keeps every event', async () => {
    const { EventBusArn } = await client.send(new CreateEventBusCommand({ Name: 'archived' }));
    const archive = { ArchiveName: 'all', EventSourceArn: EventBusArn, RetentionDays: 90 };
    await client.send(new CreateArchiveCommand(archive));
    const archived = eventBridgeBus(client, { bus: 'archived', source: SOURCE });
    await archived.publish([newEvent(), newEvent()]);
    const count = async () => (await client.send(new DescribeArchiveCommand({ ArchiveName: 'all' }))).EventCount ?? 0;
    await expect.poll(count).toBe(2);
  });
});
