import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { guard } from '../test/support/guard.ts';
import type { Screen } from './screen.ts';

const PROGRAM = join(import.meta.dirname, '../bin/chancery.js');
/** Milliseconds. */
const START_WITHIN = 60_000;
const END_WITHIN = 20_000;
/** The last line that `serve` prints when it is ready, and the one before its advice. */
const LAST_OF_WELCOME = 'Ctrl-C ends it.';
const ADVICE = 'Try this in another terminal';
const LOG_LIMIT = 64 * 1024;

/** Runs `chancery` as a user does, on one data folder. */
export interface Chancery {
  /** Shows the command, runs it, lets its output be seen. @throws CommandFailed */
  run(words: readonly string[]): Promise<void>;
  /** Starts the service. Answers how to end it: by SIGTERM, and it must end with 0. */
  serve(words: readonly string[]): Promise<() => Promise<void>>;
  /** The service's last words, for a demo that fails. */
  log(): string;
}

/** A shown command did not end well. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** @param signal ends what runs */
export function chanceryIn(data: string, screen: Screen, signal: AbortSignal): Chancery {
  // What the person at the keyboard has set for a service of their own must not lead there.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('CHANCERY_'));
  const env = { ...Object.fromEntries(own), CHANCERY_DATA: data };
  let log = '';
  return {
    log: () => log,
    async run(words) {
      screen.command(['chancery', ...words]);
      const child = spawn(process.execPath, [PROGRAM, ...words], { env, stdio: screen.stdio, signal });
      const end = await endOf(child);
      signal.throwIfAborted();
      if (end !== 0) throw new CommandFailed(`chancery ${words.slice(0, 2).join(' ')} ended with ${end}`);
    },
    async serve(words) {
      screen.command(['chancery', 'serve', ...words]);
      const child = spawn(process.execPath, [PROGRAM, 'serve', ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      guard.process(child.pid as number);
      const ended = endOf(child);
      const ready = new Promise<void>((resolve) => {
        const take = (chunk: Buffer): void => {
          log = (log + chunk.toString('utf8')).slice(-LOG_LIMIT);
          if (log.includes(LAST_OF_WELCOME)) resolve();
        };
        child.stdout?.on('data', take);
        child.stderr?.on('data', take);
      });
      const stop = async (): Promise<void> => {
        child.kill('SIGTERM');
        const end = await within(END_WITHIN, ended, () => void child.kill('SIGKILL'));
        guard.ended(child.pid as number);
        if (end !== 0) throw new CommandFailed(`the service ended with ${end}:\n${log.slice(-2000)}`);
      };
      const failed = ended.then((end) => {
        throw new CommandFailed(`the service ended with ${end} at its start:\n${log.slice(-2000)}`);
      });
      // The same promise ends normally later, when nobody listens any more.
      failed.catch(() => {});
      await within(START_WITHIN, Promise.race([ready, failed]), () => void child.kill('SIGKILL'));
      screen.say(log.slice(0, log.indexOf(ADVICE)).trimEnd());
      return stop;
    },
  };
}

function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 1));
    child.once('error', (error) => (error.name === 'AbortError' ? undefined : reject(error)));
  });
}

async function within<T>(milliseconds: number, work: Promise<T>, late: () => void): Promise<T> {
  const timer = setTimeout(late, milliseconds);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}
