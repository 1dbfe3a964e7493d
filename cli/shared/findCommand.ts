import { CONNECTION, suggestion } from './args.ts';
import { usageError } from './errors.ts';

/** The command that the arguments name, and what is left of them. No name: help was asked for, of `group` or of everything. */
export type Found =
  | { readonly name: string; readonly rest: readonly string[] }
  | { readonly name: undefined; readonly group?: string };

/**
 * Finds the command, of one or two words, in front of which flags may stand.
 * @throws CliError `usage` with the nearest known command
 */
export async function findCommand(argv: readonly string[], names: readonly string[]): Promise<Found> {
  if (argv[0] === 'help') return findCommand([...argv.slice(1), '--help'], names);
  if (argv[0] === '--version') return { name: 'version', rest: argv.slice(1) };
  const [first, second] = wordPlaces(argv);
  if (first === undefined) return noCommand(argv);
  const word = argv[first]!;
  const both = second === undefined ? undefined : `${word} ${argv[second]}`;
  if (both !== undefined && names.includes(both)) return { name: both, rest: without(argv, first, second) };
  if (names.includes(word)) return { name: word, rest: without(argv, first) };
  const group = names.filter((name) => name.startsWith(`${word} `));
  if (group.length === 0)
    throw await unknown(word, [...new Set([...names, ...names.map((name) => name.split(' ')[0]!)])]);
  if (both === undefined && wantsHelp(argv)) return { name: undefined, group: word };
  if (both !== undefined) throw await unknown(both, group);
  throw usageError(`chancery ${word} what?`, `choose one of ${group.join(', ')}`);
}

const wantsHelp = (argv: readonly string[]): boolean => argv.includes('--help') || argv.includes('-h');

function noCommand(argv: readonly string[]): Found {
  if (argv.length === 0 || wantsHelp(argv)) return { name: undefined };
  throw usageError('there are flags and no command', 'see `chancery help`');
}

/** Where the first two words stand that are neither flags nor values of flags. */
function wordPlaces(argv: readonly string[]): number[] {
  const places: number[] = [];
  for (let index = 0; index < argv.length && places.length < 2; index++) {
    const argument = argv[index]!;
    if (argument === '--') break;
    if (!argument.startsWith('-')) places.push(index);
    else if (Object.hasOwn(CONNECTION, argument.slice(2))) index++;
  }
  return places;
}

const without = (argv: readonly string[], ...places: readonly (number | undefined)[]): string[] =>
  argv.filter((_, index) => !places.includes(index));

async function unknown(written: string, known: readonly string[]) {
  const meant = await suggestion(written, known);
  return usageError(
    `unknown command ${JSON.stringify(written)}${meant ? `: did you mean "${meant}"?` : ''}`,
    meant ? undefined : 'see `chancery help`',
  );
}
