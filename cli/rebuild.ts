import { localCommand } from './shared/command.ts';
import { logTo } from './shared/log.ts';
import { VERSION } from './shared/program.ts';
import { STOPPED_SERVICE, stoppedService } from './shared/stoppedService.ts';

export const command = localCommand({
  name: 'rebuild',
  summary: 'Make the lists anew from the ledger, while no service runs.',
  positionals: [],
  flags: STOPPED_SERVICE,
  examples: ['chancery rebuild --data /var/lib/chancery'],
  notes: [
    'The ledger is what counts; lists and metrics are read from views that are made from it. This takes the lock of the data folder.',
  ],
  async run({ terminal, env }, flags) {
    const where = stoppedService(flags, env);
    // Loaded here, so that help does not wait for the whole service.
    const { rebuildViews } = await import('../server/rebuild.ts');
    const options = { ...where, version: VERSION, log: logTo(terminal) };
    const count = await rebuildViews(options, (streams) => terminal.note(`${streams} streams read`));
    terminal.print(`Rebuilt the views of ${where.data} from ${count} streams.`);
  },
});
