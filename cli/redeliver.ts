import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted } from './shared/client.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';

/** Copies a second, when nobody says another number. */
const RATE = 10;
/** Copies that one request may ask for. */
const PAGE = 500;
/** Seconds that a page of copies is for. */
const TURN = 5;

interface Redelivered {
  readonly redelivered: number;
  readonly cursor?: string;
}

export const command = clientCommand({
  name: 'redeliver',
  summary: 'Push delivered copies again, at a bounded rate. No CA is asked.',
  positionals: [],
  flags: {
    team: { kind: 'text', value: 'NAME', help: "This team's copies." },
    cluster: { kind: 'text', value: 'NAME', help: 'Copies in this cluster; with --team, those of the team.' },
    all: { kind: 'switch', help: 'Every copy there is.' },
    rate: { kind: 'text', value: 'N', help: `Copies a second, 1 to 100. Default ${RATE}.` },
    ...OUTPUT,
  },
  examples: ['chancery redeliver --cluster prod', 'chancery redeliver --all --rate 50'],
  notes: [
    'Each live certificate whose copy was delivered has its current revision pushed again, from the vault. It is for clusters that were made anew, for Secrets that were deleted, and after a restore.',
    'A copy that stands as it should is left as it is. When it is interrupted, call it again: a copy that is pushed twice is the same copy.',
  ],
  async run(context, flags) {
    const { team, cluster, all } = flags;
    if (all === (team !== undefined || cluster !== undefined))
      throw usageError('name which copies', 'write --cluster NAME, --team NAME, both, or --all');
    const rate = rateOf(flags.rate);
    const format = formatOf(flags.output);
    const { terminal, signal } = context;
    const body = all ? { all } : { ...(team && { team }), ...(cluster && { cluster }) };
    const limit = Math.min(rate * TURN, PAGE);
    let redelivered = 0;
    let cursor: string | undefined;
    do {
      const page = await context
        .client()
        .request<Redelivered>('POST', '/v1/redeliver', { body, query: { limit, cursor } });
      redelivered += page.body.redelivered;
      cursor = page.body.cursor;
      if (cursor === undefined) break;
      terminal.note(`${redelivered} pushed again so far`);
      await sleep((limit / rate) * 1000, undefined, { signal }).catch(() => {
        throw interrupted();
      });
    } while (cursor !== undefined);
    if (isData(format)) return showData(terminal, format, { redelivered });
    terminal.print(`${redelivered} ${redelivered === 1 ? 'copy is' : 'copies are'} being pushed again`);
  },
});

function rateOf(text = String(RATE)): number {
  const rate = Number(text);
  if (/^\d+$/.test(text) && rate >= 1 && rate <= 100) return rate;
  throw usageError('--rate must be a whole number from 1 to 100');
}
