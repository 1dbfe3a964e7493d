import { existsSync } from 'node:fs';
import { DATA } from './shared/args.ts';
import { localCommand } from './shared/command.ts';
import { dataFolderOf } from './shared/connection.ts';
import { given } from './shared/environment.ts';
import { CliError } from './shared/errors.ts';

export const command = localCommand({
  name: 'rotate',
  summary: 'Take another master key for all that is sealed, while no service runs.',
  positionals: [],
  flags: {
    ...DATA,
    'key-file': {
      kind: 'text',
      value: 'FILE',
      env: 'CHANCERY_KEY_FILE',
      help: 'The key that seals all others. Default: master.key in the data folder.',
    },
  },
  examples: ['chancery rotate --data /var/lib/chancery'],
  notes: [
    'Every private key, chain and credential has a data key of its own. These are wrapped by the new master key, and the former one leaves the key file; what is sealed stays as it is. When it is interrupted, call it again.',
    'A backup that was made before opens with the key file that was kept with it. On AWS the function rewrap does it: see docs/aws-upkeep.md.',
  ],
  async run({ terminal, env }, flags) {
    const data = dataFolderOf(flags, env);
    if (!existsSync(data)) {
      throw new CliError('notFound', `there is no data folder ${data}`, { remedy: 'name it with --data' });
    }
    const keyFile = given(flags['key-file'], env, 'CHANCERY_KEY_FILE');
    const { rotateMasterKey } = await import('../server/rotate.ts');
    const count = await rotateMasterKey({ data, ...(keyFile !== undefined && { keyFile }) });
    terminal.print(
      `${count} sealed ${count === 1 ? 'row is' : 'rows are'} under a new master key; the former one is gone.`,
    );
  },
});
