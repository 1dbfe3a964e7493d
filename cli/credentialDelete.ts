import { clientCommand } from './shared/command.ts';
import { credentialPath } from './shared/resources.ts';
import { TEAM, teamOf } from './shared/team.ts';

export const command = clientCommand({
  name: 'credential delete',
  summary: 'Delete a credential. Its values are destroyed.',
  positionals: ['NAME'],
  flags: TEAM,
  examples: ['chancery credential delete tsig --team demo', 'chancery credential delete tsig --team -'],
  notes: ['Team `-` is for those of shared issuers (ClusterIssuers).'],
  async run(context, flags, [name = '']) {
    await context.client().request('DELETE', credentialPath(teamOf(flags, context.env), name));
    context.terminal.print(`credential ${name} deleted`);
  },
});
