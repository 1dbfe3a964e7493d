import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../support/commands.ts';
import { repository } from '../support/peers/paths.ts';

/** Minutes that a year takes on a busy machine, with room. */
const MINUTES = 30;

it(
  'a year of 10,000 certificates: nothing expires that a start could have saved, and no limit of the CA is hit',
  async () => {
    const { code, stdout, stderr } = await runCommand(process.execPath, [
      join(repository, 'bench/simulate.ts'),
      ...['--years', '1', '--certificates', '10000', '--check', '--json'],
    ]);
    const lines = stdout.trim().split('\n');
    // The figures of every run of CI, for whoever asks how they were.
    console.log(lines.slice(0, -1).join('\n'));
    expect(code, stderr).toBe(0);
    const { figures } = JSON.parse(lines.at(-1)!) as { figures: { name: string; value: number }[] };
    const value = (name: string) => figures.find((figure) => figure.name === name)?.value;
    expect(value('expiries that a start could have avoided')).toBe(0);
    expect(value("requests beyond the CA's limits")).toBe(0);
    expect(value('orders')).toBeGreaterThan(50_000);
    // What it is worth nothing without.
    expect(value('shortest outage of the CA')).toBe(1);
    expect(value('longest outage of the CA')).toBe(5 * 24);
    expect(value('domains without DNS for a while')).toBeGreaterThan(1);
    expect(value('share that one revokes')).toBe(30);
    expect(value('runs that waited for a limit')).toBeGreaterThan(100);
    for (const life of ['90 days', '64 days', '160 hours']) expect(value(`issued for ${life}`)).toBeGreaterThan(5000);
    expect(value('issuances to the fewest possible')).toBeLessThan(1.1);
  },
  MINUTES * 60_000,
);
