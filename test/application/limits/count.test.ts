import { describe, expect, it } from 'vitest';
import type { Run } from '../../../lib/application/issuance/run.ts';
import { exemptionAt, setKeyOf } from '../../../lib/application/limits/count.ts';
import { count, fullBucket } from '../../../lib/domain/limits.ts';
import { plusSeconds } from '../../../lib/domain/time.ts';
import { limit } from '../../support/limitServices.ts';

describe('an order that names what it replaces', () => {
  const server = 'https://acme-v02.api.letsencrypt.org/directory';
  const identifiers = [{ type: 'dns', value: 'app.example.test' }] as const;
  const window = { start: '2026-06-01T00:00:00.000Z', end: '2026-06-02T00:00:00.000Z' };
  const run = (replaces: string | undefined, known: typeof window | undefined) =>
    ({
      issuance: { identifiers, replaces },
      certificate: { renewalInfo: known && { window: known } },
    }) as unknown as Run;

  it.each([
    ['inside the window', 'certId', window, '2026-06-01T12:00:00.000Z', 'ari'],
    ['at its first instant', 'certId', window, window.start, 'ari'],
    ['at its end', 'certId', window, window.end, undefined],
    ['before it', 'certId', window, '2026-05-31T23:59:59.999Z', undefined],
    ['where no window is known', 'certId', undefined, window.start, undefined],
    ['not at all', undefined, window, window.start, undefined],
  ])('%s', (_, replaces, known, now, exemption) => {
    expect(exemptionAt(run(replaces, known), { server, solvers: [] }, new Map(), now)).toBe(exemption);
    const other = { server: 'https://ca.example.test/dir', solvers: [] };
    expect(exemptionAt(run(replaces, known), other, new Map(), now)).toBeUndefined();
  });

  it('too late is a renewal, where the CA issued for these names within 120 days', () => {
    const spec = { server, solvers: [] };
    const late = run('certId', window);
    const key = setKeyOf(late, spec);
    const at = (seconds: number) => plusSeconds(window.end, seconds);
    const buckets = new Map([[key, count(limit, fullBucket, 'a', window.end)]]);
    expect(exemptionAt(late, spec, buckets, at(1))).toBe('renewal');
    expect(exemptionAt(late, spec, buckets, at(120 * 86_400 - 1))).toBe('renewal');
    expect(exemptionAt(late, spec, buckets, at(120 * 86_400))).toBeUndefined();
  });
});
