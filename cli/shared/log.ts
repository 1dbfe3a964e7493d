import { plain, type Terminal } from './terminal.ts';

type Write = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** A log for people: a line an entry, on stderr. */
export function logTo(terminal: Terminal): { readonly info: Write; readonly warn: Write; readonly error: Write } {
  const at =
    (level: string): Write =>
    (message, fields = {}) => {
      const details = Object.entries(fields).map(
        ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      terminal.note(plain([level, message, ...details].join('  ')));
    };
  return { info: at('info '), warn: at('warn '), error: at('error') };
}
