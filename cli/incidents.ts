import type { IncidentAnswer, IncidentsAnswer } from '../lib/application/schema/incidents.ts';
import { clientCommand } from './shared/command.ts';
import { given } from './shared/environment.ts';
import { formatOf, isData, OUTPUT, showData, showList } from './shared/output.ts';
import type { Column } from './shared/table.ts';
import { TEAM } from './shared/team.ts';
import { age, withDistance } from './shared/time.ts';

/** Certificates that a row names. */
const NAMED = 3;

const COLUMNS: readonly Column<IncidentAnswer>[] = [
  { title: 'CAUSE', text: ({ cause }) => cause.code },
  { title: 'AT', text: ({ scope }) => `${scope.kind} ${scope.name}` },
  { title: 'CERTIFICATES', text: ({ count }) => count },
  { title: 'TEAMS', text: ({ teams }) => teams.join(', ') },
  { title: 'SINCE', text: ({ since }) => age(since, Date.now()) },
  { title: 'NEXT TRY', text: ({ retryAt }) => withDistance(retryAt) },
  { title: 'TO DO', text: ({ cause }) => cause.remedy },
  {
    title: 'LONGEST',
    wide: true,
    text: ({ certificates }) =>
      certificates
        .slice(0, NAMED)
        .map(({ team, name }) => `${team}/${name}`)
        .join(', '),
  },
  { title: 'DETAIL', wide: true, text: ({ cause }) => cause.detail },
];

export const command = clientCommand({
  name: 'incidents',
  summary: 'Show what many certificates fail for, as one incident each.',
  positionals: [],
  flags: { ...TEAM, all: { kind: 'switch', help: 'Also what fails alone, for a cause of its own.' }, ...OUTPUT },
  examples: ['chancery incidents', 'chancery incidents --all -o wide', 'chancery incidents --team demo -o json'],
  notes: [
    'An incident is the same failure of two certificates or more at one issuer, at one registered domain, or under one policy.',
    'What it fails for once mended, its certificates are tried at the time shown, or at once: see `chancery renew`.',
  ],
  async run({ client, env, terminal }, { output, all, ...flags }) {
    const format = formatOf(output);
    const team = given(flags.team, env, 'CHANCERY_TEAM');
    const body = await client().get<IncidentsAnswer>('/v1/incidents', { team, single: all ? 'true' : undefined });
    if (isData(format)) return showData(terminal, format, body);
    if (body.items.length === 0) terminal.print(all ? 'nothing fails' : 'nothing fails for the same as another');
    else await showList(terminal, format, body.items, COLUMNS);
    if (!all && body.alone > 0) {
      const alone = body.alone === 1 ? '1 certificate fails' : `${body.alone} certificates fail`;
      terminal.print(`${alone} alone: chancery incidents --all shows what fails for a cause of its own`);
    }
    if (body.partial) terminal.note('More fails than one answer looks at: the numbers mean so many, or more.');
  },
});
