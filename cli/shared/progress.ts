import type { TimelineEvent } from './answers.ts';
import { plain, type Terminal } from './terminal.ts';

/** Steps as they happen, on stderr. */
export interface Progress {
  /** Something happened. */
  step(event: TimelineEvent): void;
  /** What goes on now: on a terminal one line that is written over, elsewhere nothing. */
  status(text: string): void;
  /** Takes the status line away. */
  end(): void;
}

const FRAMES = ['|', '/', '-', '\\'];
const TURN = 120;
const ERASE_LINE = '\r\u001b[2K';

/** On a terminal a line with what goes on now turns until something happens; elsewhere every step is a plain line. */
export function progressOn(
  terminal: Terminal,
  raw: (text: string) => void = (text) => void process.stderr.write(text),
): Progress {
  let text: string | undefined;
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    const line = `${FRAMES[frame++ % FRAMES.length]} ${text}`;
    raw(`${ERASE_LINE}${terminal.columns ? line.slice(0, terminal.columns - 1) : line}`);
  };
  const end = (): void => {
    if (text !== undefined) raw(ERASE_LINE);
    text = undefined;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    step(event) {
      end();
      terminal.note(eventLine(event));
    },
    status(now) {
      if (!terminal.interactive) return;
      text = plain(now);
      draw();
      // Only for the eye: it must not keep the process.
      timer ??= setInterval(draw, TURN).unref();
    },
    end,
  };
}

const TYPE_WIDTH = 12;

/** An event of a timeline in one line: when, what, in words, and why. */
export function eventLine({ at, type, message, revision, run, cause }: TimelineEvent): string {
  const attempt = run !== undefined && run > 1 ? `, attempt ${run}` : '';
  const which = revision === undefined ? '' : ` (revision ${revision}${attempt})`;
  const why = cause && !message.includes(cause.detail) ? `: ${cause.detail}` : '';
  return plain(`${clock(at)}  ${type.padEnd(TYPE_WIDTH)}  ${message}${why}${which}`);
}

/** The instant to the second. */
const clock = (at: string): string => at.replace(/\.\d+Z$/, 'Z');
