import type { Certificate } from './answers.ts';
import type { Context } from './command.ts';
import { plain } from './terminal.ts';

/** Tells on stderr what was accepted and may surprise. `about`: which resource, where there are several. */
export function warn({ terminal }: Pick<Context, 'terminal'>, warnings: Certificate['warnings'], about = ''): void {
  for (const { field, message } of warnings ?? []) terminal.note(plain(`warning: ${about}${field}: ${message}`));
}
