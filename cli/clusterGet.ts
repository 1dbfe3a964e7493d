import { clientCommand } from './shared/command.ts';
import { formatOf, OUTPUT } from './shared/output.ts';
import { kindNamed } from './shared/resources.ts';
import { showResources } from './shared/showResources.ts';

export const command = clientCommand({
  name: 'cluster get',
  summary: 'List the clusters, or show one and whether it answers.',
  positionals: ['[NAME]'],
  flags: OUTPUT,
  examples: ['chancery cluster get', 'chancery cluster get prod -o yaml'],
  async run(context, flags, [name]) {
    await showResources(context, formatOf(flags.output), { kind: await kindNamed('clusters'), team: undefined, name });
  },
});
