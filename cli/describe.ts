import type { Certificate } from './shared/answers.ts';
import { certificatePath } from './shared/certificates.ts';
import { clientCommand } from './shared/command.ts';
import { description } from './shared/description.ts';
import { usageError } from './shared/errors.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { kindNamed } from './shared/resources.ts';
import { TEAM, teamOf } from './shared/team.ts';
import { readTimeline } from './shared/timeline.ts';

export const command = clientCommand({
  name: 'describe',
  summary: 'Explain how a certificate stands, and why.',
  positionals: ['[certificate]', 'NAME'],
  flags: {
    ...TEAM,
    at: { kind: 'text', value: 'TIME', help: 'As it was at this instant, such as 2026-06-01T12:00:00Z.' },
    ...OUTPUT,
  },
  examples: ['chancery describe web --team demo'],
  notes: [
    'Shows the conditions, the step that an issuance is in, why it does not go on, since when, what to do and when it is tried again, where ' +
      'the copies are, and what happened so far.',
  ],
  async run(context, flags, positionals) {
    const format = formatOf(flags.output);
    const team = teamOf(flags, context.env);
    const name = positionals.at(-1) ?? '';
    if (positionals.length > 1 && (await kindNamed(positionals[0] ?? '')).name !== 'certificates') {
      throw usageError(`describe is for certificates`, `see: chancery get ${positionals[0]} ${name} -o yaml`);
    }
    const { at } = flags;
    const certificate = await context.client().get<Certificate>(certificatePath(team, name), { at });
    if (isData(format)) return showData(context.terminal, format, certificate);
    const { events } = await readTimeline(context.client(), team, name);
    const until = at === undefined ? undefined : Date.parse(at);
    const shown = until === undefined ? events : events.filter((event) => Date.parse(event.at) <= until);
    for (const line of description(certificate, shown, context.terminal, until)) context.terminal.print(line);
  },
});
