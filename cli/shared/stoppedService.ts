import { existsSync } from 'node:fs';
import { DATA, type Flags } from './args.ts';
import { type ConnectionFlags, dataFolderOf } from './connection.ts';
import { type Environment, given } from './environment.ts';
import { CliError } from './errors.ts';

/** What commands take that work on a data folder while no service runs on it. */
export const STOPPED_SERVICE = {
  ...DATA,
  'key-file': {
    kind: 'text',
    value: 'FILE',
    env: 'CHANCERY_KEY_FILE',
    help: 'The key that seals all others. Default: master.key in the data folder.',
  },
} as const satisfies Flags;

/** The data folder that is meant, and its key file where that lies elsewhere. @throws CliError `notFound`: a folder is not made here */
export function stoppedService(
  flags: Pick<ConnectionFlags, 'data'> & { readonly 'key-file'?: string | undefined },
  env: Environment,
): { readonly data: string; readonly keyFile?: string } {
  const data = dataFolderOf(flags, env);
  if (!existsSync(data)) {
    throw new CliError('notFound', `there is no data folder ${data}`, { remedy: 'name it with --data' });
  }
  const keyFile = given(flags['key-file'], env, 'CHANCERY_KEY_FILE');
  return { data, ...(keyFile !== undefined && { keyFile }) };
}
