import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli, type ServedCli, startServe } from '../support/cli.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { repository } from '../support/peers/paths.ts';
import { onTerminal } from '../support/pseudoTerminal.ts';
import { tempDir } from '../support/temp.ts';

const SHIM = join(repository, 'bin/chancery.js');
const REPLACE = ['replace', '--issuer', 'chancery-ca', '--team', 'shop'];
const PROMPT = 'Replace 2 certificates? [y/N] ';

describeWith(['python'], 'chancery replace asks before it does anything', () => {
  let service: ServedCli;
  let env: Record<string, string>;

  beforeAll(async () => {
    const data = join(tempDir('prompt'), 'data');
    service = await startServe(data);
    env = { CHANCERY_DATA: data, TERM: 'xterm' };
    await done('team', 'put', 'shop', '--names', '**.shop.test');
    for (const name of ['a', 'b'])
      await done('request', name, '--team', 'shop', '--dns', `${name}.shop.test`, '--issuer', 'chancery-ca', '--wait');
  });
  afterAll(async () => {
    service?.child.kill('SIGTERM');
    await service?.ended;
  });

  async function done(...args: string[]): Promise<string> {
    const { code, stdout, all } = await cli(args, env);
    expect(code, all).toBe(0);
    return stdout;
  }

  /** How often the ledger has it that a certificate of the team is to be replaced. */
  async function planned(): Promise<number> {
    const all = await Promise.all(['a', 'b'].map((name) => done('events', name, '--team', 'shop')));
    return all.join('\n').match(/replace/gi)?.length ?? 0;
  }

  const typed = (keys: string, ...args: string[]) =>
    onTerminal([process.execPath, SHIM, ...REPLACE, ...args], { marker: PROMPT, keys }, env);

  it.each([
    ['n', 'n\r', 0, 'nothing was done'],
    ['nothing', '\r', 0, 'nothing was done'],
    ['another word', 'yesterday\r', 0, 'nothing was done'],
    ['Ctrl-D', '\u0004', 0, 'nothing was done'],
    ['Ctrl-C', '\u0003', 130, PROMPT],
  ])('and does nothing when %s is typed', async (_, keys, code, says) => {
    const before = await planned();
    const ended = await typed(keys);
    expect([ended.code, ended.all]).toEqual([code, expect.stringContaining(says)]);
    expect(ended.all).toContain('2 certificates, 60 an hour');
    expect(ended.all).not.toContain('will be replaced');
    expect(await planned()).toBe(before);
  });

  it('and not where nobody is there: it says what to write, and does nothing', async () => {
    const before = await planned();
    const { code, stdout, stderr } = await cli(REPLACE, env);
    expect([code, stderr]).toEqual([2, expect.stringContaining('write --yes, or --dry-run')]);
    expect(stdout).toContain('2 certificates, 60 an hour');
    expect(await planned()).toBe(before);
  });

  it('and not with -o json, which has no plan to show before: it takes --yes or --dry-run', async () => {
    const before = await planned();
    for (const { code, all } of [await cli([...REPLACE, '-o', 'json'], env), await typed('y\r', '-o', 'json')])
      expect([code, all]).toEqual([2, expect.stringContaining('nobody is asked with -o json')]);
    const plan = JSON.parse(await done(...REPLACE, '-o', 'json', '--dry-run'));
    expect(plan).toMatchObject({ confirmed: false, count: 2 });
    expect(await planned()).toBe(before);
  });

  it('and does it when y is typed, or --yes is written', async () => {
    const before = await planned();
    const { code, all } = await typed('y\r');
    expect([code, all]).toEqual([0, expect.stringContaining('2 certificates will be replaced until ')]);
    expect(await planned()).toBeGreaterThan(before);
    const answer = JSON.parse(await done(...REPLACE, '--reason', 'Revoked', '-o', 'json', '--yes'));
    expect(answer).toMatchObject({ confirmed: true, reason: 'Revoked' });
  });
});
