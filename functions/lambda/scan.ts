import { copies } from '../composition/copies.ts';
import { metrics } from '../composition/metrics.ts';
import { reacting } from '../composition/reactions.ts';
import { scheduledScan } from '../schedule/scan.ts';

export const handler = scheduledScan({ ...reacting, copies, metrics });
