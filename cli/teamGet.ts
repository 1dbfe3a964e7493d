import { clientCommand } from './shared/command.ts';
import { formatOf, OUTPUT } from './shared/output.ts';
import { kindNamed } from './shared/resources.ts';
import { showResources } from './shared/showResources.ts';

export const command = clientCommand({
  name: 'team get',
  summary: 'List the teams, or show one with what it may have.',
  positionals: ['[NAME]'],
  flags: OUTPUT,
  examples: ['chancery team get', 'chancery team get demo -o yaml'],
  async run(context, flags, [name]) {
    await showResources(context, formatOf(flags.output), { kind: await kindNamed('teams'), team: undefined, name });
  },
});
