import type { Terminal } from '../../cli/shared/terminal.ts';

/** A terminal that keeps what is written to it; nobody watches. */
export function recordingTerminal(options: Partial<Pick<Terminal, 'interactive' | 'columns'>> = {}) {
  const printed: string[] = [];
  const noted: string[] = [];
  const terminal: Terminal = {
    print: (text) => void printed.push(...text.split('\n')),
    note: (text) => void noted.push(text),
    interactive: false,
    paint: (_, text) => text,
    ...options,
  };
  return { terminal, printed, noted };
}
