/**
 * State machine executions. Contract: `name` (at most 80 characters of [A-Za-z0-9_-]) makes a start idempotent: `started` now, `running`
 * already, or `ended` before (whatever its end). Input is references only: ids, never secrets.
 */
export interface Workflows {
  start(
    machine: 'issueCertificate' | 'deliverSecret',
    name: string,
    input: Record<string, unknown>,
  ): Promise<'started' | 'running' | 'ended'>;
}
