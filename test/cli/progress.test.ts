import { describe, expect, it } from 'vitest';
import { eventLine, progressOn } from '../../cli/shared/progress.ts';
import { recordingTerminal } from './terminal.ts';

const event = { at: '2026-01-01T00:00:00.123Z', type: 'ordered', message: 'Ordered', revision: 2 };

describe('An event', () => {
  it('is one line: when, what, which revision', () => {
    expect(eventLine(event)).toBe('2026-01-01T00:00:00Z  ordered       Ordered (revision 2)');
    expect(eventLine({ ...event, run: 3 })).toContain('(revision 2, attempt 3)');
  });

  it('tells its cause once', () => {
    const cause = { code: 'dns', detail: 'no answer', remedy: '' };
    expect(eventLine({ ...event, cause })).toContain('Ordered: no answer');
    expect(eventLine({ ...event, message: 'Failed: no answer', cause })).not.toMatch(/no answer.*no answer/);
  });

  it('cannot move the cursor', () => {
    expect(eventLine({ ...event, message: 'a\u001b[2Jb' })).toContain('a\\x1b[2Jb');
  });
});

describe('Progress', () => {
  it('is plain lines and nothing else where nobody watches', () => {
    const { terminal, noted } = recordingTerminal();
    const written: string[] = [];
    const progress = progressOn(terminal, (text) => void written.push(text));
    progress.status('placing the order');
    progress.step(event);
    progress.end();
    expect(noted).toEqual([eventLine(event)]);
    expect(written).toEqual([]);
  });

  it('writes over one line on a terminal, never longer than it, and takes it away before each step and at the end', () => {
    const { terminal, noted } = recordingTerminal({ interactive: true, columns: 12 });
    const written: string[] = [];
    const progress = progressOn(terminal, (text) => void written.push(text));
    progress.status('placing the order');
    expect(written).toEqual(['\r\u001b[2K| placing t']);
    progress.step(event);
    expect(written.at(-1)).toBe('\r\u001b[2K');
    expect(noted).toEqual([eventLine(event)]);
    progress.status('signing');
    progress.end();
    progress.end();
    expect(written.at(-1)).toBe('\r\u001b[2K');
    expect(written.filter((text) => text === '\r\u001b[2K').length).toBe(2);
  });
});
