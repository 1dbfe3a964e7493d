import { App, Tags } from 'aws-cdk-lib';
import { ApiStack } from './api.ts';
import type { House } from './constructs/house.ts';
import { DataStack } from './data.ts';
import { EventsStack } from './events.ts';
import { OperationsStack } from './operations.ts';
import { WorkflowStack } from './workflow.ts';

/** The stacks of one installation. */
export interface Installation {
  readonly app: App;
  readonly data: DataStack;
  readonly workflow: WorkflowStack;
  readonly api: ApiStack;
  readonly operations: OperationsStack;
}

/** Builds an installation; `app.synth()` makes its templates, with or without an account. */
export function installation(house: House, app: App = new App()): Installation {
  const { instance, account, region, tags } = house.config;
  const name = (part: string): string => `${instance}-${part}`;
  const common = { house, ...((account || region) && { env: { account, region } }) };
  const data = new DataStack(app, name('data'), { ...common, description: 'Chancery: tables and keys' });
  const workflow = new WorkflowStack(app, name('workflow'), {
    ...common,
    data,
    description: 'Chancery: steps, feed, scan',
  });
  const api = new ApiStack(app, name('api'), { ...common, data, workflow, description: 'Chancery: HTTP API' });
  new EventsStack(app, name('events'), {
    ...common,
    data,
    workflow,
    description: 'Chancery: archive of events, messages to people',
  });
  const operations = new OperationsStack(app, name('operations'), {
    ...common,
    data,
    workflow,
    api,
    description: 'Chancery: alarms and dashboard',
  });
  for (const [key, value] of Object.entries({ 'chancery:instance': instance, ...tags })) Tags.of(app).add(key, value);
  return { app, data, workflow, api, operations };
}
