import { clientCommand } from './shared/command.ts';
import { given } from './shared/environment.ts';
import { usageError } from './shared/errors.ts';
import { formatOf, OUTPUT } from './shared/output.ts';
import { kindNamed } from './shared/resources.ts';
import { showResources } from './shared/showResources.ts';
import { TEAM } from './shared/team.ts';

export const command = clientCommand({
  name: 'get',
  summary: 'List resources, or show one.',
  positionals: ['KIND', '[NAME]'],
  flags: {
    ...TEAM,
    issuer: { kind: 'text', value: 'NAME', help: 'Certificates of this issuer.' },
    dns: { kind: 'text', value: 'NAME', help: 'Certificates with exactly this DNS name.' },
    'not-ready': { kind: 'switch', help: 'Certificates that are not ready.' },
    'expiring-before': {
      kind: 'text',
      value: 'TIME',
      help: 'Certificates that end before this instant, such as 2026-12-31T00:00:00Z.',
    },
    ...OUTPUT,
  },
  examples: [
    'chancery get certificates --team demo',
    'chancery get cert web --team demo -o yaml',
    'chancery get issuers -o wide',
  ],
  notes: [
    'Kinds: certificates (certs, cert), issuers, clusters, teams, tokens, credentials (creds); the singular is understood too.',
    "Without a team, certificates are those of every team, issuers and credentials the shared ones. A team's issuers include the shared ones, which it may use.",
  ],
  async run(context, flags, [word = '', name]) {
    const kind = await kindNamed(word);
    const format = formatOf(flags.output);
    const team = given(flags.team, context.env, 'CHANCERY_TEAM');
    if (kind.name === 'certificates' && name !== undefined && team === undefined) {
      throw usageError('which team?', 'give --team TEAM, or set CHANCERY_TEAM');
    }
    const query = {
      issuer: flags.issuer,
      dnsName: flags.dns,
      ready: flags['not-ready'] ? 'false' : undefined,
      expiringBefore: flags['expiring-before'],
    };
    const filtered = Object.values(query).some((value) => value !== undefined);
    if (filtered && (kind.name !== 'certificates' || name !== undefined)) {
      throw usageError('--issuer, --dns, --not-ready and --expiring-before are for lists of certificates');
    }
    await showResources(context, format, { kind, team, name, query });
  },
});
