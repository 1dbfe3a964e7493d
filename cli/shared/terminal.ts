/** Where a command writes. */
export interface Terminal {
  /** A line, or lines, to stdout: the result. */
  print(text: string): void;
  /** A line to stderr: what goes on, and errors. */
  note(text: string): void;
  /** Whether a person watches stderr, so that a line may be written over. */
  readonly interactive: boolean;
  /** Colours text for stdout; leaves it as it is where colours are not wanted (https://no-color.org) or nobody watches. */
  paint(colour: Colour, text: string): string;
  /** Columns of the terminal; undefined where there is none. */
  readonly columns?: number;
}

export type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  green: [32, 39],
  red: [31, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** The process's own outputs. */
export function processTerminal(env: Readonly<Record<string, string | undefined>>): Terminal {
  const { stdout, stderr } = process;
  const colours = Boolean(stdout.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    interactive: Boolean(stderr.isTTY) && env.TERM !== 'dumb',
    paint: (colour, text) => (colours ? `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m` : text),
    ...(stdout.isTTY && { columns: stdout.columns }),
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Text from elsewhere as it may be shown: control characters could move the cursor or colour the screen. */
export const plain = (text: string): string =>
  text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
