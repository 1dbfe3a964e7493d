import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Archive } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { busSource } from '../adapters/eventbridge/policy.ts';
import type { House } from './constructs/house.ts';
import { Notifications } from './constructs/notifications.ts';
import type { DataStack } from './data.ts';
import type { WorkflowStack } from './workflow.ts';

interface EventsProps extends StackProps {
  readonly house: House;
  readonly data: DataStack;
  readonly workflow: WorkflowStack;
}

/** What becomes of the events on the bus: an archive, from which they can be told again, and messages to people. */
export class EventsStack extends Stack {
  constructor(scope: Construct, id: string, { house, data, workflow, ...props }: EventsProps) {
    super(scope, id, props);
    const { instance, archiveDays } = house.config;
    new Archive(this, 'Archive', {
      archiveName: instance,
      description: 'every event that was published',
      sourceEventBus: workflow.bus,
      eventPattern: { source: [busSource(instance)] },
      retention: Duration.days(archiveDays),
    });
    new Notifications(this, 'Notifications', { house, bus: workflow.bus, key: data.keys.logs });
  }
}
