/** Durations in Go's notation, as Kubernetes and cert-manager write them: `2160h`, `1h30m`, `90s`, `500ms`. */

const UNITS: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/gy;

/**
 * Reads a Go duration.
 * @returns seconds, or undefined when the text is not a duration (also when it is empty or negative)
 */
export function durationSeconds(text: string): number | undefined {
  if (text === '') return undefined;
  let seconds = 0;
  let end = 0;
  PART.lastIndex = 0;
  for (let part = PART.exec(text); part; part = PART.exec(text)) {
    seconds += Number(part[1]) * UNITS[part[2] as string]!;
    end = PART.lastIndex;
  }
  return end === text.length ? seconds : undefined;
}

/** Seconds as Go would print a whole number of them: `2160h0m0s`, `1m30s`, `45s`. */
function formatDuration(seconds: number): string {
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = seconds % 60;
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}

/** Whole seconds in the shortest notation: `2160h`, `1h30m`, `1m30s`. */
export const shortDuration = (seconds: number): string =>
  formatDuration(seconds)
    .replace(/(?<=\D)0s$/, '')
    .replace(/(?<=h)0m$/, '');
