import { REVOCATION_REASONS } from '../lib/domain/revocation.ts';
import type { Certificate } from './shared/answers.ts';
import { certificatePath } from './shared/certificates.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { TEAM, teamOf } from './shared/team.ts';
import { plain } from './shared/terminal.ts';
import { warn } from './shared/warnings.ts';

const REASONS = Object.keys(REVOCATION_REASONS);

export const command = clientCommand({
  name: 'revoke',
  summary: 'Revoke a certificate at its CA, and have another take its place.',
  positionals: ['NAME'],
  flags: {
    ...TEAM,
    reason: { kind: 'text', value: 'REASON', help: `${REASONS.join(', ')}. Default unspecified.` },
    revision: { kind: 'text', value: 'N', help: 'Which revision. Default the issued one.' },
    'no-replace': { kind: 'switch', help: 'No other revision takes its place.' },
    ...OUTPUT,
  },
  examples: ['chancery revoke web --team demo --reason keyCompromise', 'chancery revoke web --team demo --revision 3'],
  notes: [
    'It cannot be undone. Said again within five minutes it is refused where another revision has taken the place of the first: name that with --revision when it is to go too.',
    'CAs that are trusted publicly take unspecified, keyCompromise, superseded and cessationOfOperation.',
    'With keyCompromise the replacement does not wait for the CA, and has a new key whatever rotationPolicy says. With other reasons it follows the revocation.',
    'What the CA says stands in `chancery describe certificate`. Issuers of type ca and selfSigned publish no revocations: their certificates are replaced, and clients are not told.',
  ],
  async run(context, flags, [name = '']) {
    const team = teamOf(flags, context.env);
    const format = formatOf(flags.output);
    const { reason, revision } = flags;
    if (reason !== undefined && !REASONS.includes(reason))
      throw usageError(`--reason must be one of ${REASONS.join(', ')}`);
    if (revision !== undefined && !/^[1-9]\d{0,8}$/.test(revision))
      throw usageError('--revision must be a whole number from 1');
    const body = {
      ...(reason !== undefined && { reason }),
      ...(revision !== undefined && { revision: Number(revision) }),
      replace: !flags['no-replace'],
    };
    const path = certificatePath(team, name, 'revoke');
    const { body: certificate } = await context.client().request<Certificate>('POST', path, { body });
    if (isData(format)) return showData(context.terminal, format, certificate);
    warn(context, certificate.warnings);
    const wanted = Number(revision ?? certificate.status.revision);
    const found = certificate.status.revocations?.find((one) => one.revision === wanted);
    const stands = found?.status === 'revoked' ? `was revoked at ${found.since}: ${found.reason}` : 'is being revoked';
    context.terminal.print(plain(`revision ${wanted} of certificate ${team}/${name} ${stands}`));
  },
});
