import { shellWord } from '../cli/shared/program.ts';

/** Where the demo speaks. What the shown commands print goes to the same place, in between. */
export interface Screen {
  /** Begins a chapter. */
  title(text: string): void;
  /** A line of explanation. */
  say(text: string): void;
  /** A command as somebody would type it. */
  command(words: readonly string[]): void;
  /** Runs `work` and says how long it took. */
  step<T>(text: string, work: () => Promise<T>): Promise<T>;
  /** Where child processes write. */
  readonly stdio: 'inherit' | ['ignore', 1 | 2, 2];
}

const bold = (text: string): string => `\u001b[1m${text}\u001b[22m`;
const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`;

/**
 * Speaks to a person on a terminal, with some emphasis, and in plain lines elsewhere.
 * @param toStderr leaves stdout to the result for programs
 */
export function screenOn({ toStderr }: { readonly toStderr: boolean }): Screen {
  const stream = toStderr ? process.stderr : process.stdout;
  const person = Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  const strong = person ? bold : (text: string) => text;
  const faint = person ? dim : (text: string) => text;
  const line = (text: string): void => void stream.write(`${text}\n`);
  return {
    title: (text) => line(`\n${strong(`== ${text}`)}`),
    say: (text) => line(text),
    command: (words) => line(`\n${strong(`$ ${words.map(shellWord).join(' ')}`)}`),
    async step(text, work) {
      const began = performance.now();
      // On a terminal the line waits for its end; elsewhere a line that does not come looks like a program that hangs.
      if (person) stream.write(`${text} ...`);
      else line(`${text} ...`);
      const done = (how: string): void => line(person ? ` ${how}` : `${text}: ${how}`);
      try {
        const result = await work();
        done(faint(`ready in ${((performance.now() - began) / 1000).toFixed(1)} s`));
        return result;
      } catch (error) {
        done('failed');
        throw error;
      }
    },
    stdio: toStderr ? ['ignore', 2, 2] : 'inherit',
  };
}
