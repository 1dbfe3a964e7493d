import { emfLine } from '../../lib/adapters/cloudwatch/emf.ts';
import { instance } from './instance.ts';

/** Hands numbers to CloudWatch, by the function's log. */
export const report = (metrics: object): void =>
  void process.stdout.write(emfLine(instance, Date.now(), metrics as Record<string, number | undefined>));
