import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { eventBridgeBus } from '../../lib/adapters/eventbridge/bus.ts';
import { busSource } from '../../lib/adapters/eventbridge/policy.ts';
import { variable } from './environment.ts';
import { instance } from './instance.ts';

export const bus = eventBridgeBus(new EventBridgeClient(), { bus: variable('BUS'), source: busSource(instance) });
