import { clientCommand } from './shared/command.ts';
import { issuerPath } from './shared/resources.ts';
import { TEAM, teamOf } from './shared/team.ts';

export const command = clientCommand({
  name: 'issuer delete',
  summary: 'Delete an issuer. Certificates that it issued stay, and are not renewed without it.',
  positionals: ['NAME'],
  flags: TEAM,
  examples: ['chancery issuer delete letsencrypt --team demo', 'chancery issuer delete letsencrypt --team -'],
  notes: ['Team `-` is for the shared ones (ClusterIssuers).'],
  async run(context, flags, [name = '']) {
    await context.client().request('DELETE', issuerPath(teamOf(flags, context.env), name));
    context.terminal.print(`issuer ${name} deleted`);
  },
});
