import { parseArgs } from 'node:util';
import { usageError } from './errors.ts';

/** A flag: `text` takes one value, `list` may be repeated, `switch` takes none. */
export interface Flag {
  readonly kind: 'text' | 'list' | 'switch';
  /** One letter. */
  readonly short?: string;
  /** What its value is, in help: `NAME`. */
  readonly value?: string;
  readonly help: string;
  /** The environment variable that counts where the flag is not given. */
  readonly env?: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** What was given, by the names of the flags. */
export type Values<F extends Flags> = {
  readonly [K in keyof F]: F[K]['kind'] extends 'switch'
    ? boolean
    : F[K]['kind'] extends 'list'
      ? readonly string[]
      : string | undefined;
};

export interface Parsed<F extends Flags> {
  readonly flags: Values<F>;
  readonly positionals: readonly string[];
}

/** What every command takes. */
export const COMMON = {
  help: { kind: 'switch', short: 'h', help: 'Show this.' },
} as const satisfies Flags;

/** Where the data folder is. */
export const DATA = {
  data: {
    kind: 'text',
    value: 'DIR',
    env: 'CHANCERY_DATA',
    help: 'Data folder of a service on this machine. Default ./.chancery.',
  },
} as const satisfies Flags;

/** What every command takes that talks to a service. */
export const CONNECTION = {
  url: { kind: 'text', value: 'URL', env: 'CHANCERY_URL', help: 'Address of the service.' },
  'token-file': { kind: 'text', value: 'FILE', env: 'CHANCERY_TOKEN_FILE', help: 'File with the bearer token.' },
  'ca-file': {
    kind: 'text',
    value: 'FILE',
    env: 'CHANCERY_CA_FILE',
    help: "PEM of the CA that signed the service's certificate.",
  },
  ...DATA,
} as const satisfies Flags;

/**
 * Takes the arguments after the command's name apart.
 * @throws CliError `usage` for an unknown flag (with the nearest known one), a missing value, or a value that is not taken
 */
export async function parseFlags<F extends Flags>(argv: readonly string[], flags: F): Promise<Parsed<F>> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { kind, short }]) => [
        name,
        { type: kind === 'switch' ? ('boolean' as const) : ('string' as const), ...(short && { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, string | string[] | boolean | undefined> = {};
  for (const [name, { kind }] of Object.entries(flags)) {
    values[name] = kind === 'switch' ? false : kind === 'list' ? [] : undefined;
  }
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (!flag) throw await unknownFlag(token.rawName, Object.keys(flags));
    values[token.name] = valueFor(token, flag, values[token.name]);
  }
  return { flags: values as Values<F>, positionals };
}

interface Option {
  readonly rawName: string;
  readonly value?: string;
  readonly inlineValue?: boolean;
}

function valueFor({ rawName, value, inlineValue }: Option, { kind, value: what }: Flag, before: unknown) {
  if (kind === 'switch') {
    if (value !== undefined) throw usageError(`${rawName} takes no value`);
    return true;
  }
  // `--team --wait` is a forgotten value, not a team of that name; `-f -` is stdin, and `-/web` is of the shared owner.
  const isFlag = !inlineValue && value !== undefined && /^-[^/]/.test(value);
  if (value === undefined || value === '' || isFlag) throw usageError(`${rawName} needs a value: ${rawName} ${what}`);
  if (kind === 'list') return [...(before as string[]), value];
  if (before !== undefined) throw usageError(`${rawName} is given twice`);
  return value;
}

async function unknownFlag(raw: string, known: readonly string[]) {
  const meant = await suggestion(raw.replace(/^-+/, ''), known);
  return usageError(
    `unknown flag ${raw}${meant ? `: did you mean --${meant}?` : ''}`,
    meant ? undefined : 'see `--help` for the flags of this command',
  );
}

/** The known word that is nearest to a slip of the hand. Loaded when needed: a right command pays nothing for it. */
export async function suggestion(written: string, known: readonly string[]): Promise<string | undefined> {
  const { nearest } = await import('../../lib/application/schema/closed.ts');
  return nearest(written, known);
}

/** Values of a list flag, each of which may hold several with commas between them. */
export const commaList = (values: readonly string[]): string[] =>
  values
    .flatMap((value) => value.split(','))
    .map((part) => part.trim())
    .filter((part) => part !== '');
