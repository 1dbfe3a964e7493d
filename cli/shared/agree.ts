import { createInterface } from 'node:readline';
import { interrupted } from './client.ts';
import { usageError } from './errors.ts';

/**
 * Asks on the terminal. Only `y` or `yes` agrees; the end of the input (Ctrl-D) does not.
 * @throws CliError where nobody is there to answer, and `interrupted` at Ctrl-C
 */
export async function agreed(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw usageError('nobody is there to agree', 'write --yes, or --dry-run to see the plan alone');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const stop = (): void => {
        reject(interrupted());
      };
      lines.once('SIGINT', stop);
      signal.addEventListener('abort', stop, { once: true });
      const end = (): void => {
        process.stderr.write('\n');
        resolve('');
      };
      lines.once('close', end);
      lines.question(`${question} [y/N] `, (text) => {
        lines.off('close', end);
        resolve(text);
      });
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
