import { describe, expect, it } from 'vitest';
import { emfLines } from '../../../lib/adapters/cloudwatch/emf.ts';

const AT = 1_700_000_000_000;
const parsed = (lines: string) =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('Lines of embedded metrics', () => {
  it('are one line of JSON a measurement', () => {
    const lines = emfLines('live', AT, [{ metrics: { Scans: 1 } }, { team: 'web', metrics: { RenewalsOverdue: 2 } }]);
    expect(lines.endsWith('}\n')).toBe(true);
    expect(parsed(lines)).toHaveLength(2);
  });

  it('declare the metrics that there are, by installation', () => {
    const measured = [{ metrics: { Scans: 1, DaysToExpiry: undefined, RenewalsOverdue: 0 } }];
    const [{ _aws, ...members }] = parsed(emfLines('live', AT, measured));
    expect(_aws).toEqual({
      Timestamp: AT,
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

  it('of a team or an issuer have its name as a dimension beside the installation', () => {
    const lines = emfLines('live', AT, [
      { team: 'web', metrics: { RenewalsOverdue: 2 } },
      { issuer: 'web/own', metrics: { Issued: 1 } },
    ]);
    const [team, issuer] = parsed(lines);
    expect(team._aws.CloudWatchMetrics[0].Dimensions).toEqual([['Instance', 'Team']]);
    expect(team).toMatchObject({ Instance: 'live', Team: 'web', RenewalsOverdue: 2 });
    expect(issuer._aws.CloudWatchMetrics[0].Dimensions).toEqual([['Instance', 'Issuer']]);
    expect(issuer).toMatchObject({ Instance: 'live', Issuer: 'web/own', Issued: 1 });
  });

  it('are none where nothing was measured', () => {
    expect(emfLines('live', AT, [{ team: 'web', metrics: { DaysToExpiry: undefined } }])).toBe('');
  });

  it('declare a hundred metrics each at most, as CloudWatch takes them', () => {
    const metrics = Object.fromEntries(Array.from({ length: 205 }, (_, index) => [`M${index}`, index]));
    const lines = parsed(emfLines('live', AT, [{ metrics }]));
    expect(lines.map(({ _aws }) => _aws.CloudWatchMetrics[0].Metrics.length)).toEqual([100, 100, 5]);
    const { _aws, ...last } = lines[2];
    expect(last).toEqual({ Instance: 'live', M200: 200, M201: 201, M202: 202, M203: 203, M204: 204 });
  });
});
