import { clientCommand } from './shared/command.ts';
import { formatOf, OUTPUT } from './shared/output.ts';
import { kindNamed } from './shared/resources.ts';
import { showResources } from './shared/showResources.ts';

export const command = clientCommand({
  name: 'token list',
  summary: 'List the tokens, without their secrets.',
  positionals: [],
  flags: OUTPUT,
  examples: ['chancery token list'],
  async run(context, flags) {
    await showResources(context, formatOf(flags.output), { kind: await kindNamed('tokens'), team: undefined });
  },
});
