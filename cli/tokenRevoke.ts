import { pathOf } from './shared/client.ts';
import { clientCommand } from './shared/command.ts';

export const command = clientCommand({
  name: 'token revoke',
  summary: 'Revoke a token. It counts at once.',
  positionals: ['ID'],
  flags: {},
  examples: ['chancery token revoke 0123456789abcdef'],
  async run(context, _, [id = '']) {
    await context.client().request('DELETE', pathOf('v1', 'tokens', id));
    context.terminal.print(`token ${id} revoked`);
  },
});
