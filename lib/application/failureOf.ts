import type { Failure } from '../domain/problem.ts';
import { Refusal } from '../domain/refusal.ts';
import { AcmeError } from '../ports/acmeServer.ts';
import { LimitReached } from './limits/buckets.ts';

/** What was thrown, as a failure: the CA's word or its limits, a rule of ours, or else our own fault. */
export function failureOf(error: unknown): Failure {
  if (error instanceof AcmeError) return error.failure;
  const { name, message: detail } = error as Error;
  if (error instanceof LimitReached)
    return { class: 'atTime', problem: { type: error.code, detail }, retryAt: error.until };
  if (error instanceof Refusal) return { class: 'configuration', problem: { type: error.code, detail } };
  return { class: 'infrastructure', problem: { type: name, detail } };
}
