const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Seconds in one or two units, as people read them: `45s`, `5m`, `3h20m`, `12d`. */
export function shortSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 2 * MINUTE) return `${whole}s`;
  if (whole < 2 * HOUR) return `${Math.floor(whole / MINUTE)}m`;
  if (whole < DAY) {
    const minutes = Math.floor((whole % HOUR) / MINUTE);
    return `${Math.floor(whole / HOUR)}h${minutes > 0 ? `${minutes}m` : ''}`;
  }
  return `${Math.floor(whole / DAY)}d`;
}

/** How long ago an instant was. */
export const age = (instant: string | undefined, now = Date.now()): string | undefined =>
  instant === undefined ? undefined : shortSpan((now - Date.parse(instant)) / 1000);

/** An instant with how far it is from now: `2026-11-22T06:00:00Z (in 3h)`. */
export function withDistance(instant: string | undefined, now = Date.now()): string | undefined {
  if (instant === undefined) return undefined;
  const seconds = (Date.parse(instant) - now) / 1000;
  return `${instant} (${seconds >= 0 ? `in ${shortSpan(seconds)}` : `${shortSpan(-seconds)} ago`})`;
}
