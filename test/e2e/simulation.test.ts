import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../support/commands.ts';
import { repository } from '../support/peers/paths.ts';

/** Minutes that a year takes on a busy machine, with room. */
const MINUTES = 40;

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
  },
  MINUTES * 60_000,
);
