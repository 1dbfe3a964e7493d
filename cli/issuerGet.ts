import { clientCommand } from './shared/command.ts';
import { given } from './shared/environment.ts';
import { formatOf, OUTPUT } from './shared/output.ts';
import { kindNamed } from './shared/resources.ts';
import { showResources } from './shared/showResources.ts';
import { TEAM } from './shared/team.ts';

export const command = clientCommand({
  name: 'issuer get',
  summary: 'List the issuers, or show one and whether it is ready.',
  positionals: ['[NAME]'],
  flags: { ...TEAM, ...OUTPUT },
  examples: ['chancery issuer get', 'chancery issuer get letsencrypt --team demo -o yaml'],
  notes: ['Without a team: the shared ones (ClusterIssuers).'],
  async run(context, flags, [name]) {
    const team = given(flags.team, context.env, 'CHANCERY_TEAM');
    await showResources(context, formatOf(flags.output), { kind: await kindNamed('issuers'), team, name });
  },
});
