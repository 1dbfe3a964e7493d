import { clientCommand } from './shared/command.ts';
import { given } from './shared/environment.ts';
import { formatOf, OUTPUT } from './shared/output.ts';
import { kindNamed } from './shared/resources.ts';
import { showResources } from './shared/showResources.ts';
import { TEAM } from './shared/team.ts';

export const command = clientCommand({
  name: 'credential get',
  summary: 'List the credentials, or show one. Their values are shown to nobody.',
  positionals: ['[NAME]'],
  flags: { ...TEAM, ...OUTPUT },
  examples: ['chancery credential get', 'chancery credential get tsig --team demo -o yaml'],
  notes: ['Without a team: those of the shared issuers (ClusterIssuers).'],
  async run(context, flags, [name]) {
    const team = given(flags.team, context.env, 'CHANCERY_TEAM');
    await showResources(context, formatOf(flags.output), { kind: await kindNamed('credentials'), team, name });
  },
});
