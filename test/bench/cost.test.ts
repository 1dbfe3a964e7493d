import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asked, counts, prices } from '../../bench/cost/cost.ts';
import { type Bill, billOf, STATES } from '../../bench/cost/model.ts';
import { runCommand } from '../support/commands.ts';
import { repository } from '../support/peers/paths.ts';

const bill = (line = ''): Bill => billOf(asked(line.split(' ').filter(Boolean)).load, counts(), prices());
const run = (...args: string[]) => runCommand(process.execPath, [join(repository, 'bench/cost/cost.ts'), ...args]);

describe('What an installation costs', () => {
  it('is the sum of its lines, each a quantity at a price, and never more after the free allowances', () => {
    const { lines, total } = bill('--certificates 50000 --lifetime 47 --names 3 --destinations 2 --secrets');
    expect(lines.length).toBeGreaterThan(15);
    for (const { what, running, atRest } of lines) {
      expect(running.dollars).toBeCloseTo(running.quantity * prices().prices[what].price, 8);
      expect(running.afterAllowances).toBeLessThanOrEqual(running.dollars);
      expect(atRest.quantity).toBeLessThanOrEqual(running.quantity);
    }
    expect(total.running.dollars).toBeCloseTo(lines.reduce((sum, { running }) => sum + running.dollars, 0));
  });

  it('grows with certificates, names, copies and clusters, and with shorter lives', () => {
    const least = bill().total.running.dollars;
    const more = ['--certificates 2000', '--lifetime 47', '--names 5', '--destinations 3', '--clusters 9', '--secrets'];
    for (const line of more) expect(bill(line).total.running.dollars, line).toBeGreaterThan(least);
    const renewals = (line: string) => bill(line).renewalsAMonth;
    expect(renewals('--lifetime 90')).toBeCloseTo((1000 * 30.4375) / 60);
    expect(renewals('--lifetime 6')).toBeCloseTo((1000 * 30.4375) / 3);
  });

  it('takes as many states as a real execution entered', () => {
    const [issued, delivered] = Object.values(STATES);
    const source = readFileSync(join(repository, 'test/e2e/aws/issuance.test.ts'), 'utf8');
    const words = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
    expect(source).toContain(`it took ${words[issued!]} transitions to issue and ${words[delivered!]} to deliver`);
  });

  it.each([['--lifetime', '0'], ['--certificates', 'many'], ['--colour'], ['-o', 'xml']])(
    'is not told for %s %s: the usage is',
    async (...args) => {
      const { code, stderr } = await run(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining('usage: npm run cost')]);
    },
  );

  it('is told as a table or as JSON, and --check ends well: at rest it is little enough', async () => {
    expect((await run('--certificates', '10')).stdout).toContain('10 certificates of 90 days');
    const { stdout } = await run('-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ load: { certificates: 1000 }, prices: prices().date });
    const { code, stderr } = await run('--check');
    expect(stderr).toMatch(/^a thousand certificates at rest: \$[\d.]+ of \$5/);
    expect(code, stderr).toBe(0);
  });
});

describe('The table of prices', () => {
  it('names the page of each, and says which were not compared with it', () => {
    const file = JSON.parse(readFileSync(join(repository, 'bench/cost/prices.json'), 'utf8'));
    for (const [name, { price, page, checked }] of Object.entries<Record<string, unknown>>(file.prices)) {
      expect(price, name).toBeTypeOf('number');
      expect(page, name).toMatch(/^https:\/\/aws\.amazon\.com\/[\w-]+\/pricing\//);
      expect(checked, name).toBeTypeOf('boolean');
    }
    expect(file.date).toMatch(/^\d{4}-\d\d-\d\d$/);
  });
});
