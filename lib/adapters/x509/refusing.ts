import { Refusal } from '../../domain/refusal.ts';
import { DerError } from './derReader.ts';

/**
 * Runs a reader and turns what its bytes did wrong into a Refusal.
 * @param code of the Refusal
 * @param what was read, as the beginning of a sentence
 */
export function refusing<T>(code: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) throw new Refusal(code, `${what} does not parse: ${error.message}`);
    throw error;
  }
}
