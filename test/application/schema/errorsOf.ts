import { type InputError, InputInvalid } from '../../../lib/domain/inputInvalid.ts';

/** What a reader found wrong. A reader that takes the input, or throws something else, fails the test. */
export function errorsOf(read: () => unknown): readonly InputError[] {
  try {
    read();
  } catch (error) {
    if (error instanceof InputInvalid) return error.errors;
    throw error;
  }
  throw new Error('nothing was found wrong');
}

/** Each error as `field code`. */
export const codesOf = (read: () => unknown): string[] => errorsOf(read).map(({ field, code }) => `${field} ${code}`);
