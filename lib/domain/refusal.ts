/**
 * The one error family of the domain: a command that breaks a rule. It knows no HTTP; the API translates `code` at the edge.
 *
 * - `code`: stable, PascalCase, safe to match on
 * - `message`: what was wrong, in a sentence
 * - `field`: where, as a path into the input (`spec.dnsNames[2]`), when there is one
 * - `remedy`: what to do
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly field: string | undefined;
  readonly remedy: string | undefined;
  constructor(code: string, message: string, more: { field?: string; remedy?: string } = {}) {
    super(message);
    this.code = code;
    this.field = more.field;
    this.remedy = more.remedy;
  }
}

/** Whether an error is a fault of the installation (its disk, its keys) and says nothing about what was asked for. */
export const isOwnFault = (error: unknown): boolean =>
  error instanceof Refusal && /^(?:DataFolder|KeyFile)/.test(error.code);
