import { describe, expect, it } from 'vitest';
import { emfLine } from '../../../lib/adapters/cloudwatch/emf.ts';

describe('A line of embedded metrics', () => {
  const line = emfLine('live', 1_700_000_000_000, { Scans: 1, DaysToExpiry: undefined, RenewalsOverdue: 0 });

  it('is one line of JSON', () => {
    expect(line.endsWith('}\n')).toBe(true);
    expect(line.slice(0, -1)).not.toContain('\n');
  });

  it('declares the metrics that there are, by installation', () => {
    const { _aws, ...members } = JSON.parse(line);
    expect(_aws).toEqual({
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: 'Chancery',
          Dimensions: [['Instance']],
          Metrics: [{ Name: 'Scans' }, { Name: 'RenewalsOverdue' }],
        },
      ],
    });
    expect(members).toEqual({ Instance: 'live', Scans: 1, RenewalsOverdue: 0 });
  });
});
