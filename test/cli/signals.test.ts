import { join } from 'node:path';
import { expect, it } from 'vitest';
import { start } from '../support/cli.ts';
import { repository } from '../support/peers/paths.ts';

/** A program that never comes to its end. */
const program = `
  const { onStop } = await import(${JSON.stringify(join(repository, 'cli/shared/signals.ts'))});
  onStop(['SIGINT'], () => console.log('stopping'));
  setInterval(() => {}, 1000);
  console.log('ready');
`;

it('the first Ctrl-C begins the end, and a later one ends the process at once', async () => {
  const running = start(process.execPath, ['--input-type=module', '-e', program]);
  await expect.poll(running.output, { timeout: 10_000 }).toContain('ready');
  running.child.kill('SIGINT');
  await expect.poll(running.output, { timeout: 10_000 }).toContain('stopping');
  const again = setInterval(() => running.child.kill('SIGINT'), 50);
  const { code, stdout } = await running.ended;
  clearInterval(again);
  expect([code, stdout]).toEqual([130, 'ready\nstopping\n']);
});
