import { bus } from '../composition/bus.ts';
import { reacting } from '../composition/reactions.ts';
import { reactBatch } from '../stream/react.ts';

export const handler = reactBatch({ ...reacting, bus });
