import type { CONNECTION, Flags, Values } from './args.ts';
import type { Client } from './client.ts';
import type { Environment } from './environment.ts';
import type { Terminal } from './terminal.ts';

/** What a command works with. */
export interface Context {
  readonly terminal: Terminal;
  readonly env: Environment;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Found and made at the first call. @throws CliError when no service is named or no token is there */
  client(): Client;
}

interface Description {
  /** One or two words: `request`, `team put`. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Its positional arguments in order: `NAME`, or `[NAME]` for one that may be left out. */
  readonly positionals: readonly string[];
  /** Complete lines that work when pasted, with names to replace. */
  readonly examples: readonly string[];
  /** More to know, in paragraphs. */
  readonly notes?: readonly string[];
}

/** A command that talks to a service. */
export interface ClientCommand<F extends Flags = Flags> extends Description {
  readonly kind: 'client';
  readonly flags: F;
  run(context: Context, flags: Values<F & typeof CONNECTION>, positionals: readonly string[]): Promise<void>;
}

/** A command that needs no service, or is one: it takes its own flags alone, and signals itself. */
export interface LocalCommand<F extends Flags = Flags> extends Description {
  readonly kind: 'local';
  readonly flags: F;
  run(context: Pick<Context, 'terminal' | 'env'>, flags: Values<F>, positionals: readonly string[]): Promise<void>;
}

export type Command = ClientCommand | LocalCommand;

/** Types a command by its own flags. */
export const clientCommand = <const F extends Flags>(command: Omit<ClientCommand<F>, 'kind'>): ClientCommand =>
  ({ ...command, kind: 'client' }) as unknown as ClientCommand;

/** Types a command by its own flags. */
export const localCommand = <const F extends Flags>(command: Omit<LocalCommand<F>, 'kind'>): LocalCommand =>
  ({ ...command, kind: 'local' }) as unknown as LocalCommand;
