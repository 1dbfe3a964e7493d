import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { usageError } from './errors.ts';

/** The file name that stands for stdin. */
export const STDIN = '-';

/**
 * Reads a text that a flag names; `-` is stdin.
 * @param what how a message calls the file
 * @throws CliError `usage` when it cannot be read, or is no UTF-8; the message holds nothing of the text
 */
export async function readText(file: string, what: string): Promise<string> {
  const octets = await (file === STDIN ? buffer(process.stdin) : readFile(file)).catch(
    (error: NodeJS.ErrnoException) => {
      throw usageError(`${what}: cannot read ${nameOf(file)} (${error.code ?? error.message})`);
    },
  );
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw usageError(`${what}: ${nameOf(file)} is not UTF-8 text`);
  }
}

/** How messages call a file. */
export const nameOf = (file: string): string => (file === STDIN ? 'stdin' : file);
