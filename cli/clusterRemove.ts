import { pathOf } from './shared/client.ts';
import { clientCommand } from './shared/command.ts';

export const command = clientCommand({
  name: 'cluster remove',
  summary: 'Forget a cluster. Secrets that were delivered stay in it.',
  positionals: ['NAME'],
  flags: {},
  examples: ['chancery cluster remove prod'],
  async run(context, _, [name = '']) {
    await context.client().request('DELETE', pathOf('v1', 'clusters', name));
    context.terminal.print(`cluster ${name} removed; delivered Secrets stay`);
  },
});
