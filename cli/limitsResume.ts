import type { LimitsResumedAnswer } from '../lib/application/schema/limits.ts';
import { clientCommand } from './shared/command.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { plain } from './shared/terminal.ts';

export const command = clientCommand({
  name: 'limits resume',
  summary: 'Go on where a limit of a CA holds back, when you know that the CA takes requests again.',
  positionals: ['ISSUER'],
  flags: {
    identifier: {
      kind: 'text',
      value: 'NAME',
      help: 'Only what is held back for this name and its registered domain, and what was counted for them.',
    },
    ...OUTPUT,
  },
  examples: [
    'chancery limits resume letsencrypt',
    'chancery limits resume shop/letsencrypt --identifier www.example.com',
  ],
  notes: [
    'ISSUER is team/name, or the name of a shared one. What the CA said of its limits is forgotten, and what waited for that is tried at once: after somebody ended a pause at the CA, or it raised a limit.',
    'Whoever is wrong hears it from the CA, which is believed again. A share of a team stays as it is. The decision stands on the ledger of the issuer.',
  ],
  async run({ client, terminal }, { output, identifier }, [issuer = '']) {
    const format = formatOf(output);
    const body = { issuer, ...(identifier !== undefined && { identifier }) };
    const { body: answer } = await client().request<LimitsResumedAnswer>('POST', '/v1/limits/resume', { body });
    if (isData(format)) return showData(terminal, format, answer);
    const { lifted, resumed } = answer;
    const limits = `${lifted.length === 1 ? '1 limit' : `${lifted.length || 'no'} limits`} lifted`;
    const issuances = `${resumed === 1 ? '1 issuance is' : `${resumed || 'no'} issuances are`} tried at once`;
    terminal.print(plain(`${issuer}: ${limits}, ${issuances}`));
  },
});
