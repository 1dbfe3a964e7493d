import type { IssuedToken } from './shared/answers.ts';
import { commaList } from './shared/args.ts';
import { clientCommand } from './shared/command.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { TEAM, teamOf } from './shared/team.ts';

const DEFAULT_VERBS = ['read', 'write'];
const DEFAULT_EXPIRY = '2160h';

export const command = clientCommand({
  name: 'token issue',
  summary: 'Issue a token for a team. It is shown once.',
  positionals: [],
  flags: {
    ...TEAM,
    verbs: {
      kind: 'list',
      value: 'VERBS',
      help: 'read, write, key (export of private keys; nothing else includes it), admin (everything else, for team *). Default read,write.',
    },
    'expires-in': {
      kind: 'text',
      value: 'DURATION',
      help: `How long it holds: 1m to 8760h. Default ${DEFAULT_EXPIRY}.`,
    },
    description: { kind: 'text', value: 'TEXT', help: 'For people.' },
    ...OUTPUT,
  },
  examples: [
    'chancery token issue --team demo > demo.token',
    "chancery token issue --team '*' --verbs admin --expires-in 24h --description 'night shift'",
  ],
  notes: [
    'The token alone goes to stdout; only its hash is kept. Hand it over as CHANCERY_TOKEN, or in a file with --token-file.',
  ],
  async run(context, flags) {
    const format = formatOf(flags.output);
    const verbs = commaList(flags.verbs);
    const body = {
      team: teamOf(flags, context.env),
      verbs: verbs.length > 0 ? verbs : DEFAULT_VERBS,
      expiresIn: flags['expires-in'] ?? DEFAULT_EXPIRY,
      ...(flags.description !== undefined && { description: flags.description }),
    };
    const { body: issued } = await context.client().request<IssuedToken>('POST', '/v1/tokens', { body });
    if (isData(format)) return showData(context.terminal, format, issued);
    const { id, team, expires } = issued;
    context.terminal.note(
      `token ${id} for team ${team} (${issued.verbs.join(', ')}), until ${expires}; it is shown only now:`,
    );
    context.terminal.print(issued.token);
  },
});
