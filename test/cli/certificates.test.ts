import { describe, expect, it } from 'vitest';
import type { Certificate } from '../../cli/shared/answers.ts';
import { judge } from '../../cli/shared/certificates.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();
const cause = { code: 'dns', detail: 'no answer', remedy: 'look at the zone' };

type Status = Certificate['status'];
const READY = { type: 'Ready', status: 'True', reason: 'Ready', message: '' } as const;
const ISSUED = { type: 'Issuing', status: 'False', reason: 'Issued', message: '' } as const;
const ISSUING = { type: 'Issuing', status: 'True', reason: 'Renewing', message: 'placing the order' } as const;

const certificate = (status: Partial<Status>): Certificate =>
  ({ status: { conditions: [READY, ISSUED], deliveries: [], revision: 1, ...status } }) as unknown as Certificate;

const issuance = (more: Partial<NonNullable<Status['issuance']>>): Status['issuance'] => ({
  revision: 2,
  run: 1,
  status: 'running',
  step: 'Order',
  since: at(-1),
  ...more,
});

describe('What was asked for', () => {
  it('stands when it is issued and has no destination', () => {
    expect(judge(certificate({}), NOW)).toEqual({ kind: 'done' });
  });

  it('is waited for while a revision is on its way, also when an older one is there', () => {
    const verdict = judge(certificate({ conditions: [READY, ISSUING], issuance: issuance({}) }), NOW);
    expect(verdict).toEqual({ kind: 'waiting', now: 'placing the order' });
  });

  it('is waited for between two attempts that the CA asked for', () => {
    const deferred = issuance({ status: 'deferred', cause, retryAt: at(600) });
    expect(judge(certificate({ conditions: [READY, ISSUING], issuance: deferred }), NOW).kind).toBe('waiting');
  });

  it('failed when the attempt failed, with the cause and when it is tried again', () => {
    const failed = issuance({ status: 'failed', cause, retryAt: at(60) });
    expect(judge(certificate({ conditions: [READY, ISSUING], issuance: failed }), NOW)).toEqual({
      kind: 'failed',
      what: 'revision 2 was not issued',
      cause,
      retryAt: at(60),
    });
  });

  it('has not failed yet when it is tried again at once', () => {
    const failed = issuance({ status: 'failed', cause, retryAt: at(1) });
    expect(judge(certificate({ conditions: [READY, ISSUING], issuance: failed }), NOW).kind).toBe('waiting');
  });

  it('is waited for until every destination has confirmed it', () => {
    const deliveries: Status['deliveries'] = [
      { destination: 'a/b/c', status: 'confirmed' },
      { destination: 'a/b/d', status: 'running' },
    ];
    expect(judge(certificate({ deliveries }), NOW)).toEqual({ kind: 'waiting', now: 'Delivering to a/b/d' });
    const confirmed = deliveries.map((one) => ({ ...one, status: 'confirmed' as const }));
    expect(judge(certificate({ deliveries: confirmed }), NOW).kind).toBe('done');
  });

  it.each(['refused', 'failed', 'taken'] as const)('failed when a delivery is %s', (status) => {
    const verdict = judge(certificate({ deliveries: [{ destination: 'a/b/c', status, cause }] }), NOW);
    expect(verdict).toMatchObject({ kind: 'failed', what: 'revision 1 was not delivered to a/b/c', cause });
  });
});
