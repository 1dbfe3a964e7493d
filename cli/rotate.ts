import { localCommand } from './shared/command.ts';
import { STOPPED_SERVICE, stoppedService } from './shared/stoppedService.ts';

export const command = localCommand({
  name: 'rotate',
  summary: 'Take another master key for all that is sealed, while no service runs.',
  positionals: [],
  flags: STOPPED_SERVICE,
  examples: ['chancery rotate --data /var/lib/chancery'],
  notes: [
    'Every private key, chain and credential has a data key of its own. These are wrapped by the new master key, and the former one leaves the key file; what is sealed stays as it is. When it is interrupted, call it again.',
    'A backup that was made before opens with the key file that was kept with it. On AWS the function rewrap does it: see docs/aws-upkeep.md.',
  ],
  async run({ terminal, env }, flags) {
    const where = stoppedService(flags, env);
    const { rotateMasterKey } = await import('../server/rotate.ts');
    const count = await rotateMasterKey(where);
    terminal.print(
      `${count} sealed ${count === 1 ? 'row is' : 'rows are'} under a new master key; the former one is gone.`,
    );
  },
});
