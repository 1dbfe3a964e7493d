import { Refusal } from './refusal.ts';

/** One thing that is wrong with an input. `source` (a file's name), `document` and `line` (from 1) are there for YAML. */
export interface InputError {
  /** Where, as a path into the input: `spec.dnsNames[2]`. */
  readonly field?: string;
  /** Stable, PascalCase. */
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly source?: string;
  readonly document?: number;
  readonly line?: number;
}

/** Input that cannot be taken, with everything that is wrong with it, in the order of the input. Its code is `InvalidInput`. */
export class InputInvalid extends Refusal {
  readonly errors: readonly InputError[];
  constructor(errors: readonly InputError[]) {
    const only = errors.length === 1 ? errors[0] : undefined;
    const more = {
      ...(only?.field !== undefined && { field: only.field }),
      ...(only?.remedy && { remedy: only.remedy }),
    };
    super('InvalidInput', summary(errors), more);
    this.errors = errors;
  }
}

/** Errors that the message itself tells; `errors` has them all. */
const MOST_TOLD = 10;

function summary(errors: readonly InputError[]): string {
  const told = errors.slice(0, MOST_TOLD).map(sentence).join('; ');
  return errors.length > MOST_TOLD ? `${told}; and ${errors.length - MOST_TOLD} more` : told;
}

const sentence = ({ source, line, field, message }: InputError): string =>
  [source, line === undefined ? undefined : `line ${line}`, field || undefined, message]
    .filter((part) => part !== undefined)
    .join(': ');

/** Gathers problems, so that all of them are told at once. */
export class Findings {
  readonly errors: InputError[] = [];

  add(field: string, code: string, message: string, remedy?: string): void {
    this.errors.push({ field, code, message, ...(remedy && { remedy }) });
  }

  /** Runs `read`. A Refusal becomes findings and the answer undefined; every other error is thrown on. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.errors.push(...inputErrors(error));
      return undefined;
    }
  }

  /** @throws InputInvalid when anything was found */
  throwIfAny(): void {
    if (this.errors.length > 0) throw new InputInvalid(this.errors);
  }
}

/** A Refusal as the list of problems that it stands for. */
export function inputErrors(refusal: Refusal): readonly InputError[] {
  if (refusal instanceof InputInvalid) return refusal.errors;
  const { field, code, message, remedy } = refusal;
  return [{ ...(field !== undefined && { field }), code, message, ...(remedy && { remedy }) }];
}
