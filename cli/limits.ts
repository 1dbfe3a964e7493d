import type { LimitAnswer } from '../lib/application/schema/limits.ts';
import { clientCommand } from './shared/command.ts';
import { given } from './shared/environment.ts';
import { formatOf, isData, OUTPUT, showData, showList } from './shared/output.ts';
import type { Column } from './shared/table.ts';
import { TEAM } from './shared/team.ts';
import { plain } from './shared/terminal.ts';
import { withDistance } from './shared/time.ts';

/** From this use on, in percent, a limit is scarce. */
const SCARCE = 80;

const COLUMNS: readonly Column<LimitAnswer>[] = [
  { title: 'ISSUER', text: ({ issuer }) => issuer },
  { title: 'CA', wide: true, text: ({ ca }) => ca },
  { title: 'LIMIT', text: ({ limit }) => limit },
  { title: 'OF', text: ({ subject, team }) => [subject, team && `(${team})`].filter(Boolean).join(' ') },
  { title: 'ALLOWED', text: ({ count, period }) => count && `${count} in ${period}` },
  {
    title: 'USED',
    text: ({ percent }) => `${Math.round(percent)}%`,
    colour: ({ percent }) => (percent >= 100 ? 'red' : percent >= SCARCE ? 'yellow' : undefined),
  },
  { title: 'RESERVED', text: ({ reserved }) => reserved },
  { title: 'WAITING', text: ({ waiting }) => waiting },
  { title: 'NEXT FREE', text: ({ nextFree }) => (Date.parse(nextFree) <= Date.now() ? 'now' : withDistance(nextFree)) },
  {
    title: 'PER WEEK',
    wide: true,
    text: ({ forecast }) => forecast && `${forecast.perWeek} of ${forecast.allowedPerWeek}`,
  },
  { title: 'USED UP IN', text: ({ forecast }) => forecast?.exhausted?.week },
];

/** What is to come of a limit, as a sentence; undefined where it lasts. */
function forecastOf({ issuer, limit, subject, team, forecast }: LimitAnswer): string | undefined {
  const { exhausted } = forecast ?? {};
  if (!exhausted) return undefined;
  const who = `${team ? `team ${team}'s share of ` : ''}${subject ?? 'the account'}`;
  return plain(`At these lifetimes ${who} exhausts its budget of ${limit} at ${issuer} in week ${exhausted.week}.`);
}

export const command = clientCommand({
  name: 'limits',
  summary: 'Show how the limits of the CAs stand, and when they will be used up.',
  positionals: [],
  flags: {
    ...TEAM,
    issuer: { kind: 'text', value: 'NAME', help: 'Of this issuer: team/name, or the name of a shared one.' },
    ...OUTPUT,
  },
  examples: ['chancery limits', 'chancery limits --issuer letsencrypt -o wide', 'chancery limits --team demo -o json'],
  notes: [
    'Shown are limits that are in use, waited for, or will be used up within a year at the lifetimes that the certificates have now.',
    'An order that a limit does not allow waits, and is placed when it is its turn: describe shows the time.',
  ],
  async run({ client, env, terminal }, { output, issuer, ...flags }) {
    const format = formatOf(output);
    const query = { issuer, team: given(flags.team, env, 'CHANCERY_TEAM') };
    const { body } = await client().request<{ items: LimitAnswer[]; partial: boolean }>('GET', '/v1/limits', { query });
    if (isData(format)) return showData(terminal, format, body);
    if (body.items.length === 0) terminal.print('no limit of a CA is in use');
    else await showList(terminal, format, body.items, COLUMNS);
    const sentences = body.items.map(forecastOf).filter((one) => one !== undefined);
    if (sentences.length > 0) terminal.print('');
    for (const one of sentences) terminal.print(one);
    if (body.partial)
      terminal.note(
        'There are more certificates than one answer looks at, and the forecast does not know them all: ask by --team.',
      );
  },
});
