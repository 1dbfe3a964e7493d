import { durationSeconds } from '../lib/domain/duration.ts';
import { certificatePath } from './shared/certificates.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { TEAM, teamOf } from './shared/team.ts';
import { plain } from './shared/terminal.ts';

export const command = clientCommand({
  name: 'delete',
  summary: 'Delete a certificate.',
  positionals: ['NAME'],
  flags: {
    ...TEAM,
    withdraw: {
      kind: 'switch',
      help: 'Take the delivered copies away too. Without it they stay, and are no longer renewed.',
    },
    revoke: { kind: 'switch', help: 'Revoke it at its CA too.' },
    grace: {
      kind: 'text',
      value: 'DURATION',
      help: 'How long copies stand and keys are kept, 720h at most; 0s is at once. Default 24h.',
    },
  },
  examples: ['chancery delete web --team demo', 'chancery delete web --team demo --withdraw --revoke --grace 0s'],
  notes: [
    'When the grace is over, copies are taken away, the CA is asked to revoke, and the keys and certificates of every revision are purged. Whoever requests the name again before keeps the copies until the new certificate takes their place.',
  ],
  async run(context, flags, [name = '']) {
    const team = teamOf(flags, context.env);
    const { grace } = flags;
    if (grace !== undefined && durationSeconds(grace) === undefined)
      throw usageError('--grace must be a duration such as 24h or 90m');
    const query = { withdraw: flags.withdraw || undefined, revoke: flags.revoke || undefined, grace };
    await context.client().request('DELETE', certificatePath(team, name), { query });
    const at = when(grace);
    const follows = [
      flags.withdraw ? `delivered copies are taken away ${at}` : 'delivered copies stay',
      ...(flags.revoke ? [`it is revoked ${at}`] : []),
      `its keys are purged ${at}`,
    ];
    context.terminal.print(plain(`certificate ${team}/${name} deleted; ${follows.join(', ')}`));
    if (at !== NOW && (flags.withdraw || flags.revoke))
      context.terminal.note('Who requests that name again before keeps the copies, and nothing is revoked.');
  },
});

const NOW = 'now';

const when = (grace = '24h'): string => (durationSeconds(grace) === 0 ? NOW : `in ${grace}`);
