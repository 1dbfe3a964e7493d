import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { repository } from '../../support/peers/paths.ts';

/** Starts a program and makes a folder through the support code, says which, and is then killed. */
const parent = `
  import { startProcess } from './test/support/processes.ts';
  import { tempDir } from './test/support/temp.ts';
  const folder = tempDir('guard');
  const child = await startProcess({ command: 'sleep', args: ['600'], ready: () => true, timeout: 5000 });
  child.pause();
  console.log(JSON.stringify({ pid: child.pid, folder }));
  setInterval(() => {}, 1000);
`;

/** A killed program whose new parent has not asked for it yet still has an entry, in state Z. */
const lives = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0] !== 'Z';
  } catch {
    return false;
  }
};

describe('A test process that is killed', () => {
  it('leaves no program and no folder behind', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', parent], { cwd: repository });
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
    const { pid, folder } = JSON.parse(line);
    expect(lives(pid)).toBe(true);
    expect(existsSync(folder)).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(() => lives(pid) || existsSync(folder), { timeout: 10_000 }).toBe(false);
  });
});
