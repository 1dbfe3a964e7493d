import { existsSync } from 'node:fs';
import { DATA } from './shared/args.ts';
import { localCommand } from './shared/command.ts';
import { dataFolderOf } from './shared/connection.ts';
import { CliError } from './shared/errors.ts';
import { logTo } from './shared/log.ts';
import { VERSION } from './shared/program.ts';

export const command = localCommand({
  name: 'rebuild',
  summary: 'Make the lists anew from the ledger, while no service runs.',
  positionals: [],
  flags: DATA,
  examples: ['chancery rebuild --data /var/lib/chancery'],
  notes: [
    'The ledger is what counts; lists and metrics are read from views that are made from it. This takes the lock of the data folder.',
  ],
  async run({ terminal, env }, flags) {
    const data = dataFolderOf(flags, env);
    if (!existsSync(data)) {
      throw new CliError('notFound', `there is no data folder ${data}`, { remedy: 'name it with --data' });
    }
    // Loaded here, so that help does not wait for the whole service.
    const { rebuildViews } = await import('../server/rebuild.ts');
    const options = { data, version: VERSION, log: logTo(terminal) };
    const count = await rebuildViews(options, (streams) => terminal.note(`${streams} streams read`));
    terminal.print(`Rebuilt the views of ${data} from ${count} streams.`);
  },
});
