import { randomBytes, randomUUID } from 'node:crypto';
import { instant } from '../../domain/time.ts';
import type { Clock, Ids, Log } from '../../ports/system.ts';

/** The machine's clock. */
export const systemClock: Clock = { now: () => instant(Date.now()) };

export const systemIds: Ids = {
  uuid: () => randomUUID(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
  random: () => Math.random(),
};

/** Log lines as JSON objects, one a line, to `write`. */
export function jsonLog(write: (line: string) => void): Log {
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      write(`${JSON.stringify({ at: systemClock.now(), level, message, ...fields })}\n`);
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
