import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { eventually } from '../support/core.ts';
import { guard } from '../support/guard.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { tempDir } from '../support/temp.ts';

const DEMO = join(import.meta.dirname, '../../demo/demo.ts');

/** The demo, with a place of its own for temporary files. */
function start(folder: string, env: Readonly<Record<string, string>> = {}) {
  const child: ChildProcess = spawn(process.execPath, [DEMO, '--json'], {
    env: { ...process.env, TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guard.process(child.pid as number);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const end = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, end, stdout: () => stdout, stderr: () => stderr };
}

/** Processes whose command line names the folder: all that the demo starts have files in it. */
function processesOf(folder: string): string[] {
  const lines = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    });
  return lines.filter((line) => line.includes(folder));
}

const nothingIsLeft = (folder: string): Promise<true> =>
  eventually('nothing of the demo is left', async () => {
    return readdirSync(folder).length === 0 && processesOf(folder).length === 0;
  });

describeWith(['pebble', 'bind', 'kubernetes', 'openssl'], 'npm run demo', () => {
  it('brings two certificates from a request to Secrets that openssl verifies, and leaves nothing behind', async () => {
    const folder = tempDir('demo');
    const demo = start(folder);
    expect([await demo.end, demo.stderr()]).toEqual([0, expect.not.stringContaining('did not succeed')]);
    const lines = demo.stdout().trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const { ok, certificates } = JSON.parse(lines[0]!);
    expect(ok).toBe(true);
    expect(certificates).toMatchObject([
      {
        secret: 'shop/app-tls',
        dnsNames: ['app.example.test', '*.example.test'],
        verdict: expect.stringMatching(/: OK$/),
      },
      { secret: 'shop/www-tls', dnsNames: ['www.example.test'], verdict: expect.stringMatching(/: OK$/) },
    ]);
    for (const shown of ['$ chancery apply -f', '$ chancery request www', 'presented', 'validating', 'delivered']) {
      expect(demo.stderr()).toContain(shown);
    }
    // Not a terminal: nothing that moves a cursor or colours.
    expect(demo.stderr()).not.toContain('\u001b');
    await nothingIsLeft(folder);
  });

  it('ended in the middle, ends everything that it started', async () => {
    const folder = tempDir('demo');
    const demo = start(folder);
    await eventually('the service runs', async () => demo.stderr().includes('$ chancery team put'), 60_000);
    expect(processesOf(folder).length).toBeGreaterThan(2);
    demo.child.kill('SIGINT');
    expect(await demo.end).toBe(130);
    expect(JSON.parse(demo.stdout())).toMatchObject({ ok: false, problem: 'ended by Ctrl-C' });
    await nothingIsLeft(folder);
  });

  it('that lacks something says what and how to get it, and fails', async () => {
    const folder = tempDir('demo');
    const demo = start(folder, { PATH: '' });
    expect(await demo.end).toBe(1);
    expect(JSON.parse(demo.stdout())).toMatchObject({ ok: false, problem: expect.stringMatching(/openssl.*remedy:/) });
    await nothingIsLeft(folder);
  });
});
