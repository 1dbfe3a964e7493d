import { expect, it } from 'vitest';
import { command } from '../../cli/redrive.ts';
import type { Context } from '../../cli/shared/command.ts';
import { CliError } from '../../cli/shared/errors.ts';
import { recordingTerminal } from './terminal.ts';

/** Runs the command against a service that answers these turns, one after the other. */
async function run(turns: readonly object[], output?: string) {
  const sent: unknown[] = [];
  const { terminal, printed } = recordingTerminal();
  const left = turns.map((turn) => ({ queue: true, letters: 0, unknown: 0, streams: 0, failed: [], ...turn }));
  const client = () => ({
    async request(_method: string, _path: string, { body }: { body: unknown }) {
      sent.push(body);
      return { status: 200, body: left.shift() };
    },
  });
  const context = { terminal, client, env: {}, signal: new AbortController().signal } as unknown as Context;
  const error = await (command as unknown as { run(context: Context, flags: object): Promise<void> })
    .run(context, { output })
    .then(
      () => undefined,
      (thrown: unknown) => thrown as CliError,
    );
  return { sent, out: printed.join('\n'), error };
}

it('Turn follows turn while there is a cursor, and what they did is added up', async () => {
  const { sent, out, error } = await run([
    { cursor: 'a' },
    { streams: 3, cursor: 'b' },
    { streams: 1, letters: 2, cursor: 'c' },
    {},
  ]);
  expect(error).toBeUndefined();
  expect(sent).toEqual([{}, { cursor: 'a' }, { cursor: 'b' }, { cursor: 'c' }]);
  expect(out).toContain('2 dead letters are repaired and gone, by handing on 4 streams again.');
});

it('Without letters it says so, and of those that nobody knows that they stay', async () => {
  expect((await run([{}])).out).toContain('No dead letter was repaired.');
  expect((await run([{ unknown: 1, cursor: 'a' }, {}])).out).toContain('; 1 letter of something else stays.');
});

it('Where a stream cannot be handled, it fails and names it', async () => {
  const { error } = await run([{ cursor: 'a' }, { streams: 1, failed: ['team/a'], cursor: 'b' }, {}], 'json');
  expect(error).toBeInstanceOf(CliError);
  expect(error).toMatchObject({ exit: 'failed', message: 'some streams could not be handled: team/a' });
});
