import type { TimelineEvent } from './shared/answers.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { formatOf, OUTPUT, showData } from './shared/output.ts';
import { eventLine } from './shared/progress.ts';
import { TEAM, teamOf } from './shared/team.ts';
import { followTimeline, readTimeline } from './shared/timeline.ts';

export const command = clientCommand({
  name: 'events',
  summary: 'Show what happened to a certificate, and follow it.',
  positionals: ['NAME'],
  flags: {
    ...TEAM,
    follow: { kind: 'switch', help: 'Go on with what happens next, until Ctrl-C.' },
    ...OUTPUT,
  },
  examples: ['chancery events web --team demo --follow'],
  notes: ['With -o json every event is one line, also with --follow; -o yaml is for what happened so far.'],
  async run(context, flags, [name = '']) {
    const team = teamOf(flags, context.env);
    const format = formatOf(flags.output);
    if (format === 'yaml' && flags.follow) throw usageError('-o yaml does not go with --follow', 'use -o json');
    const { terminal } = context;
    const show = (events: readonly TimelineEvent[]): void => {
      for (const event of events) terminal.print(format === 'json' ? JSON.stringify(event) : eventLine(event));
    };
    let { events, cursor } = await readTimeline(context.client(), team, name);
    if (format === 'yaml') return showData(terminal, format, { events });
    show(events);
    while (flags.follow) {
      ({ events, cursor } = await followTimeline(context.client(), team, name, cursor));
      show(events);
    }
  },
});
