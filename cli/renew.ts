import type { Certificate } from './shared/answers.ts';
import { certificatePath } from './shared/certificates.ts';
import { clientCommand } from './shared/command.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { standing } from './shared/standing.ts';
import { TEAM, teamOf } from './shared/team.ts';
import { timelineEnd, timeoutOf, WAIT, waitFor } from './shared/wait.ts';

export const command = clientCommand({
  name: 'renew',
  summary: 'Have a certificate issued anew now.',
  positionals: ['NAME'],
  flags: { ...TEAM, ...WAIT, ...OUTPUT },
  examples: ['chancery renew web --team demo --wait'],
  notes: ['When a revision is on its way and waits for its retry, that one goes on at once instead.'],
  async run(context, flags, [name = '']) {
    const team = teamOf(flags, context.env);
    const timeout = timeoutOf(flags);
    const format = formatOf(flags.output);
    const after = flags.wait ? await timelineEnd(context, team, name) : undefined;
    const { body } = await context.client().request<Certificate>('POST', certificatePath(team, name, 'renew'));
    const certificate = flags.wait ? await waitFor(context, body, { team, name, timeout, after }) : body;
    if (isData(format)) return showData(context.terminal, format, certificate);
    if (!flags.wait) context.terminal.print(`certificate ${team}/${name} is being renewed`);
    for (const line of standing(certificate)) context.terminal.print(line);
  },
});
