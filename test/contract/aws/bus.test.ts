import {
  CreateArchiveCommand,
  CreateEventBusCommand,
  DescribeArchiveCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventBridgeBus } from '../../../lib/adapters/eventbridge/bus.ts';
import { busSource } from '../../../lib/adapters/eventbridge/policy.ts';
import { clientOf } from '../../support/aws.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../../support/peers/ministack.ts';
import { makeQueue, type Queue } from '../../support/queue.ts';
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
async function listen(client: EventBridgeClient, aws: Ministack, bus: string, pattern: object): Promise<Queue> {
  const name = `${bus}-${JSON.stringify(pattern).length}`;
  const queue = await makeQueue(aws, name);
  await client.send(new PutRuleCommand({ EventBusName: bus, Name: name, EventPattern: JSON.stringify(pattern) }));
  const Targets = [{ Id: 'queue', Arn: queue.arn }];
  await client.send(new PutTargetsCommand({ EventBusName: bus, Rule: name, Targets }));
  return queue;
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
