import { clientCommand } from './shared/command.ts';
import { CliError } from './shared/errors.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';

interface Redriven {
  readonly queue: boolean;
  readonly letters: number;
  readonly unknown: number;
  readonly streams: number;
  readonly failed: readonly string[];
  readonly cursor?: string;
}

export const command = clientCommand({
  name: 'redrive',
  summary: 'Work off the dead letters: what was given up is done after all, from the ledger.',
  positionals: [],
  flags: OUTPUT,
  examples: ['chancery redrive', 'chancery redrive -o json'],
  notes: [
    "For an installation on AWS, when the alarm tells of dead letters and their cause is repaired. Commits of the time that the letters are about are handed once more to the feed's readers, and the letters are removed. What had been handled stays as it is, so that it can be called again.",
    'The embedded service gives nothing up and has no dead letters: there it says so, and is done.',
  ],
  async run({ client, terminal }, { output }) {
    const format = formatOf(output);
    const total = { letters: 0, unknown: 0, streams: 0, failed: [] as string[] };
    let queue = true;
    let cursor: string | undefined;
    do {
      const { body } = await client().request<Redriven>('POST', '/v1/redrive', { body: cursor ? { cursor } : {} });
      queue = body.queue;
      cursor = body.cursor;
      total.letters += body.letters;
      total.unknown += body.unknown;
      total.streams += body.streams;
      total.failed.push(...body.failed);
      if (cursor && total.streams > 0) terminal.note(`${total.streams} streams handed on again so far`);
    } while (cursor !== undefined);
    if (isData(format)) showData(terminal, format, { queue, ...total });
    else terminal.print(queue ? told(total) : 'There are no dead letters here: the embedded service gives nothing up.');
    if (total.failed.length > 0) {
      throw new CliError('failed', `some streams could not be handled: ${total.failed.join(', ')}`, {
        remedy: "look into the logs of the feed's readers, repair the cause, and call it again in a quarter of an hour",
      });
    }
  },
});

function told({ letters, unknown, streams }: { letters: number; unknown: number; streams: number }): string {
  const others = unknown === 1 ? '1 letter of something else stays' : `${unknown} letters of something else stay`;
  const left = unknown === 0 ? '' : `; ${others}`;
  if (letters === 0) return `No dead letter was repaired${left}.`;
  const repaired = letters === 1 ? '1 dead letter is' : `${letters} dead letters are`;
  const by = streams === 0 ? '' : `, by handing on ${streams === 1 ? '1 stream' : `${streams} streams`} again`;
  return `${repaired} repaired and gone${by}${left}.`;
}
