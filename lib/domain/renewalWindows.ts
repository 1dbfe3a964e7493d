import { Cron } from 'croner';
import { durationSeconds } from './duration.ts';
import type { RenewalSpec, RenewalWindow } from './spec.ts';
import { earliest, type Instant, instant, millis, plusSeconds } from './time.ts';

/** What is wrong with a window, and in which member. */
export interface WindowFault {
  readonly member: keyof RenewalWindow;
  readonly message: string;
}

/** Seconds. Shorter than the scan's interval on AWS, a window could pass between two scans. */
const SHORTEST_WINDOW = 600;

/** Everything that is wrong with a window. */
export function windowFaults({ cron, windowDuration, timezone }: RenewalWindow): WindowFault[] {
  const faults: WindowFault[] = [];
  const zone = isTimeZone(timezone);
  if (!zone) faults.push({ member: 'timezone', message: 'is no time zone' });
  const fields = cron.trim().split(/\s+/).length;
  if (fields !== 5) faults.push({ member: 'cron', message: `has ${fields} fields, not five` });
  else {
    try {
      schedule(cron, zone ? timezone : 'UTC');
    } catch (error) {
      faults.push({ member: 'cron', message: (error as Error).message.replace(/^Cron\w+: /, '') });
    }
  }
  const seconds = durationSeconds(windowDuration);
  if (seconds === undefined || seconds < SHORTEST_WINDOW)
    faults.push({ member: 'windowDuration', message: `is shorter than ${SHORTEST_WINDOW / 60}m` });
  return faults;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** Patterns as they were read: reading one costs more than asking it. */
const read = new Map<string, Cron>();
const MOST_READ = 256;

function schedule(cron: string, timezone: string): Cron {
  const key = `${timezone} ${cron}`;
  const known = read.get(key);
  if (known) return known;
  const made = new Cron(cron, { timezone, mode: '5-part', paused: true });
  if (read.size >= MOST_READ) read.delete(read.keys().next().value as string);
  read.set(key, made);
  return made;
}

/** The openings next to an instant, in milliseconds: the last one at or before it, and the first one after it. */
interface Around {
  readonly previous: number | undefined;
  readonly next: number | undefined;
}

/** Openings that were looked up, by pattern; a stream's dates are asked for again with every commit. */
const found = new Map<string, Around[]>();
const MOST_FOUND = 16;

function around({ cron, timezone }: RenewalWindow, at: Instant): Around {
  const key = `${timezone} ${cron}`;
  const moment = millis(at);
  const known = found.get(key) ?? [];
  const holds = ({ previous = Number.NEGATIVE_INFINITY, next = Number.POSITIVE_INFINITY }: Around): boolean =>
    previous <= moment && moment < next;
  const here = known.find(holds);
  if (here) return here;
  const second = Math.floor(moment / 1000) * 1000;
  const pattern = schedule(cron, timezone);
  const [previous] = pattern.previousRuns(1, new Date(second + 1000));
  const made = { previous: previous?.getTime(), next: pattern.nextRun(new Date(second))?.getTime() };
  if (found.size >= MOST_READ) found.delete(found.keys().next().value as string);
  found.set(key, [made, ...known].slice(0, MOST_FOUND));
  return made;
}

/** When the window opens next, after `at`; undefined when it never does. */
export function nextOpening(window: RenewalWindow, at: Instant): Instant | undefined {
  const { next } = around(window, at);
  return next === undefined ? undefined : instant(next);
}

/** When the opening ends that is open at `at`; undefined while the window is shut. It is open from its opening on, and shut at its end. */
function openUntil(window: RenewalWindow, at: Instant): Instant | undefined {
  const { previous } = around(window, at);
  const end = previous === undefined ? '' : plusSeconds(instant(previous), durationSeconds(window.windowDuration)!);
  return end > at ? end : undefined;
}

/** Openings that are looked at; who freezes every minute of a year is stopped by the override. */
const MOST_STEPS = 400;

/**
 * The first instant from `from` on, before `until`, at which the windows allow a renewal and no freeze forbids it. A freeze counts more.
 * @returns undefined when there is none
 */
export function allowedFrom(renewal: RenewalSpec | undefined, from: Instant, until: Instant): Instant | undefined {
  if (from >= until) return undefined;
  if (!renewal || renewal.windows.length + renewal.freezes.length === 0) return from;
  return search(renewal, from, until);
}

function search({ windows, freezes }: RenewalSpec, from: Instant, until: Instant): Instant | undefined {
  let at: Instant | undefined = from;
  for (let steps = 0; at !== undefined && at < until && steps < MOST_STEPS; steps++) {
    const now: Instant = at;
    const frozenUntil = freezes.map((freeze) => openUntil(freeze, now)).find((end) => end !== undefined);
    if (frozenUntil !== undefined) at = frozenUntil;
    else if (windows.length === 0 || windows.some((window) => openUntil(window, now) !== undefined)) return now;
    else at = earliest(...windows.map((window) => nextOpening(window, now)));
  }
  return undefined;
}
