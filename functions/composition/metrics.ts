import { emfLines } from '../../lib/adapters/cloudwatch/emf.ts';
import type { Metrics } from '../../lib/ports/metrics.ts';
import { instance } from './instance.ts';

/** Hands numbers to CloudWatch, by the function's log. */
export const metrics: Metrics = (measured) => void process.stdout.write(emfLines(instance, Date.now(), measured));
