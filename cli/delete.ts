import { certificatePath } from './shared/certificates.ts';
import { clientCommand } from './shared/command.ts';
import { TEAM, teamOf } from './shared/team.ts';

export const command = clientCommand({
  name: 'delete',
  summary: 'Delete a certificate.',
  positionals: ['NAME'],
  flags: {
    ...TEAM,
    withdraw: {
      kind: 'switch',
      help: 'Take the delivered copies away too. Without it they stay, and are no longer renewed.',
    },
  },
  examples: ['chancery delete web --team demo', 'chancery delete web --team demo --withdraw'],
  async run(context, flags, [name = '']) {
    const team = teamOf(flags, context.env);
    const query = { withdraw: flags.withdraw || undefined };
    await context.client().request('DELETE', certificatePath(team, name), { query });
    context.terminal.print(
      `certificate ${team}/${name} deleted; delivered copies ${flags.withdraw ? 'are being taken away' : 'stay'}`,
    );
  },
});
