import { EXIT, type Exit } from './exitCodes.ts';
import { plain } from './terminal.ts';

/** One of several things that are wrong, as the service and the reading of manifests tell them. */
export interface Finding {
  readonly field?: string;
  readonly code?: string;
  readonly message: string;
  readonly remedy?: string;
  readonly source?: string;
  readonly document?: number;
  readonly line?: number;
}

/** What else is known of an error: its stable code, where in the input, what to do, and all findings when there are several. */
export interface More {
  readonly code?: string;
  readonly field?: string;
  readonly remedy?: string;
  readonly findings?: readonly Finding[];
}

/** Ends a command with a message and an exit code. Everything that a user may see is in it; there is no stack to show. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: Exit;
  readonly more: More;
  constructor(exit: Exit, message: string, more: More = {}) {
    super(message);
    this.exit = exit;
    this.more = more;
  }
}

/** A usage error: nothing was sent. */
export const usageError = (message: string, remedy?: string): CliError =>
  new CliError('usage', message, { ...(remedy && { remedy }) });

/** The process's exit code for whatever a command threw. */
export const exitCodeOf = (error: unknown): number => EXIT[error instanceof CliError ? error.exit : 'failed'].code;

/** An error as lines for stderr: what was wrong, where, and what to do. */
export function errorLines(error: unknown): string[] {
  if (error instanceof CliError) return linesOf(error.message, error.more);
  if (isRefusal(error)) return linesOf(error.message, error);
  return [`chancery: ${error instanceof Error ? error.message : String(error)}`];
}

/** The domain's refusals, told by their name so that light commands need not load it. */
const isRefusal = (error: unknown): error is Error & More => error instanceof Error && error.name === 'Refusal';

function linesOf(message: string, { findings = [], ...more }: More): string[] {
  const all: readonly Finding[] = findings.length > 0 ? findings : [{ message, ...more }];
  if (all.length === 1) return findingLines(all[0]!, 'chancery: ', '  ');
  const head = `chancery: ${all.length} things are wrong; nothing was done`;
  return [head, ...all.flatMap((finding) => findingLines(finding, '  ', '    '))];
}

function findingLines(finding: Finding, first: string, second: string): string[] {
  const { source, document, line, field, message, code, remedy } = finding;
  const place = [
    source,
    document === undefined ? undefined : `document ${document}`,
    line === undefined ? undefined : `line ${line}`,
  ].filter((part) => part !== undefined);
  const where = [place.join(', '), field].filter((part) => part).map((part) => `${part}: `);
  const what = `${where.join('')}${message.replace(/\.$/, '')}${code ? ` (${code})` : ''}`;
  return [plain(`${first}${what}`), ...(remedy ? [plain(`${second}to do: ${remedy}`)] : [])];
}
