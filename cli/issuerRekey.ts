import type { Issuer } from './shared/answers.ts';
import { clientCommand } from './shared/command.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { issuerPath } from './shared/resources.ts';
import { TEAM, teamOf } from './shared/team.ts';
import { plain } from './shared/terminal.ts';

export const command = clientCommand({
  name: 'issuer rekey',
  summary: 'Have the account of an ACME issuer take another key. The account, its orders and limits stay.',
  positionals: ['NAME'],
  flags: { ...TEAM, ...OUTPUT },
  examples: ['chancery issuer rekey letsencrypt --team demo', 'chancery issuer rekey letsencrypt --team -'],
  notes: [
    'The key is made where new accounts have theirs: so an account moves to KMS, or back into the vault, after accountKeys was changed in the configuration of an installation on AWS. It is kept and on the ledger before the CA is asked (RFC 8555 7.3.5); after a crash the CA is asked which key it has.',
    'Called again while the CA does not take it, it is tried at once. Team `-` is for the shared ones (ClusterIssuers).',
  ],
  async run(context, flags, [name = '']) {
    const format = formatOf(flags.output);
    const path = `${issuerPath(teamOf(flags, context.env), name)}/rekey`;
    const { body } = await context.client().request<Issuer>('POST', path);
    if (isData(format)) return showData(context.terminal, format, body);
    context.terminal.print(plain(`the account of issuer ${name} takes another key`));
    context.terminal.print(plain(`look at status.account: chancery issuer get ${name} -o yaml`));
  },
});
