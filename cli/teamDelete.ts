import { pathOf } from './shared/client.ts';
import { clientCommand } from './shared/command.ts';

export const command = clientCommand({
  name: 'team delete',
  summary: 'Delete a team that has no certificates.',
  positionals: ['NAME'],
  flags: {},
  examples: ['chancery team delete demo'],
  async run(context, _, [name = '']) {
    await context.client().request('DELETE', pathOf('v1', 'teams', name));
    context.terminal.print(`team ${name} deleted`);
  },
});
