import type { ServiceVersion } from './shared/answers.ts';
import { type Context, clientCommand } from './shared/command.ts';
import { CliError } from './shared/errors.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';
import { VERSION } from './shared/program.ts';

export const command = clientCommand({
  name: 'version',
  summary: 'Show the version of this program, and of the service.',
  positionals: [],
  flags: OUTPUT,
  examples: ['chancery version'],
  async run(context, flags) {
    const format = formatOf(flags.output);
    const client = { version: VERSION, node: process.version };
    const service = await serviceVersion(context);
    if (isData(format)) return showData(context.terminal, format, { client, service });
    context.terminal.print(`chancery ${client.version} (Node.js ${client.node})`);
    context.terminal.print(
      'version' in service ? `service  ${service.version} at ${service.url}` : `service  ${service.unknown}`,
    );
  },
});

/** Without a service, the program's own version is what was asked for. */
async function serviceVersion({ client }: Context) {
  try {
    const { version, api } = await client().get<ServiceVersion>('/version');
    return { version, api, url: client().origin };
  } catch (error) {
    if (error instanceof CliError && error.exit !== 'usage' && error.exit !== 'interrupted')
      return { unknown: error.message };
    throw error;
  }
}
