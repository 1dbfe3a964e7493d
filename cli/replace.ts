import type { z } from 'zod';
import type { replacementsAnswer } from '../lib/application/schema/replace.ts';
import { agreed } from './shared/agree.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { table } from './shared/table.ts';
import type { Terminal } from './shared/terminal.ts';

type Plan = z.output<typeof replacementsAnswer>;

/** Rows of the plan that people are shown; data has all. */
const SHOWN = 20;

export const command = clientCommand({
  name: 'replace',
  summary: 'Replace a whole set of certificates at a bounded rate, its plan shown first.',
  positionals: [],
  flags: {
    issuer: { kind: 'text', value: 'TEAM/NAME', help: 'Of this issuer; NAME alone of a shared one.' },
    ca: { kind: 'text', value: 'TEAM/NAME', help: 'Signed by this CA certificate; -/NAME of a shared one.' },
    key: {
      kind: 'text',
      value: 'KEY',
      help: 'With this public key: its SHA-256 in hex, or TEAM/NAME of a certificate.',
    },
    name: { kind: 'text', value: 'PATTERN', help: 'Whose name or DNS name fits; * stands for any run of characters.' },
    team: { kind: 'text', value: 'NAME', help: "This team's alone." },
    'issued-before': {
      kind: 'text',
      value: 'TIME',
      help: 'Issued before this instant, such as 2026-12-31T00:00:00Z: what was replaced since is left alone.',
    },
    reason: {
      kind: 'text',
      value: 'REASON',
      help: 'Manual, KeyCompromised, CaCompromised or Revoked. Default KeyCompromised with --key, CaCompromised with --ca, otherwise Manual.',
    },
    rate: { kind: 'text', value: 'N/h', help: 'How many an hour, 1/h to 36000/h. Default 60/h.' },
    'dry-run': { kind: 'switch', help: 'Show the plan, and do nothing.' },
    yes: { kind: 'switch', short: 'y', help: 'Do not ask.' },
    ...OUTPUT,
  },
  examples: [
    'chancery replace --issuer letsencrypt --rate 100/h --dry-run',
    'chancery replace --key demo/web --yes',
    "chancery replace --name '*.example.com' --team demo",
  ],
  notes: [
    'What is named narrows each other. Each certificate gets its own instant on the ledger, the shortest life left first; the service keeps to it by itself.',
    'With KeyCompromised each gets a new key, whatever rotationPolicy says. What is planned for the same reason already keeps its instant. Call it again when it is interrupted, with --issued-before the time of the first call: what it replaced meanwhile would fit again.',
  ],
  async run(context, flags) {
    const { issuer, ca, key, name, team, reason } = flags;
    if ([issuer, ca, key, name].every((one) => one === undefined))
      throw usageError('name which certificates', 'write --issuer, --ca, --key or --name');
    const format = formatOf(flags.output);
    if (isData(format) && !flags.yes && !flags['dry-run'])
      throw usageError(`nobody is asked with -o ${format}`, 'write --yes, or --dry-run to see the plan alone');
    const { terminal } = context;
    const issuedBefore = flags['issued-before'];
    const body = { issuer, ca, key, name, team, issuedBefore, reason, perHour: rateOf(flags.rate) };
    const ask = async (confirm: boolean) =>
      (await context.client().request<Plan>('POST', '/v1/replacements', { body: { ...body, confirm } })).body;
    const plan = await ask(false);
    const dry = flags['dry-run'] || plan.count === 0;
    if (!isData(format)) {
      if (plan.count + plan.planned > 0) show(terminal, plan);
      else terminal.print('no certificate that is issued fits');
    }
    if (!dry && !flags.yes && !(await agreed(`Replace ${counted(plan.count)}?`, context.signal)))
      return terminal.note('nothing was done');
    const done = dry ? plan : await ask(true);
    if (isData(format)) return showData(terminal, format, done);
    if (!dry) terminal.print(`${counted(done.count)} will be replaced until ${done.until}`);
  },
});

const counted = (count: number): string => `${count} ${count === 1 ? 'certificate' : 'certificates'}`;

function show(terminal: Terminal, { items, count, perHour, planned, reason, from, until }: Plan): void {
  const columns = [
    { title: 'AT', text: ({ at }: Plan['items'][number]) => at },
    { title: 'CERTIFICATE', text: ({ team, name }: Plan['items'][number]) => `${team}/${name}` },
    { title: 'REVISION', text: ({ revision }: Plan['items'][number]) => revision },
    { title: 'ENDS', text: ({ notAfter }: Plan['items'][number]) => notAfter },
  ];
  if (count > 0) for (const line of table(items.slice(0, SHOWN), columns, terminal.paint)) terminal.print(line);
  if (count > SHOWN) terminal.print(`and ${count - SHOWN} more`);
  if (planned > 0) terminal.print(`${counted(planned)} more: a replacement is planned already`);
  const when = from && until ? ` from ${from} to ${until}` : '';
  terminal.print(`${counted(count)}, ${perHour} an hour${when}: ${reason}`);
}

function rateOf(text = '60/h'): number {
  const rate = Number(/^(\d{1,5})\/h$/.exec(text)?.[1] ?? 0);
  if (rate >= 1 && rate <= 36_000) return rate;
  throw usageError('--rate must be a number an hour from 1/h to 36000/h');
}
