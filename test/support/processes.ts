import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { guard } from './guard.ts';

/** How to start a program and know that it is ready. */
export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to PATH and HOME, which are all that is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asked every 25 ms until it answers true. */
  readonly ready: (log: string) => boolean | Promise<boolean>;
  /** Milliseconds until a program that is not ready counts as failed. */
  readonly timeout: number;
}

/** A program that runs until `stop`, or until this process ends. */
export interface RunningProcess {
  readonly pid: number;
  /** The last 256 KiB of what it wrote to both outputs. */
  log(): string;
  /** Holds the program still (SIGSTOP): connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends the program at once; a second call does nothing. */
  stop(): Promise<void>;
}

const LOG_LIMIT = 256 * 1024;

/** Starts a program and returns when it is ready; throws with its last words when it ends or does not become ready in time. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/tmp', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid as number;
  guard.process(pid);
  const stop = async () => {
    child.ref();
    child.kill('SIGKILL');
    await ended;
    guard.ended(pid);
  };
  if (!(await becomesReady(child, output.text, options))) {
    await stop();
    throw new Error(`${options.command} did not start:\n${output.text().slice(-4000)}`);
  }
  output.unref();
  return {
    pid,
    log: output.text,
    pause: () => {
      child.kill('SIGSTOP');
      untilStopped(pid);
    },
    resume: () => void child.kill('SIGCONT'),
    stop,
  };
}

/** A signal takes a moment on a busy machine, and every thread of the program must have it. Only Linux tells. */
function untilStopped(pid: number): void {
  const deadline = performance.now() + 2000;
  while (performance.now() < deadline) {
    try {
      const threads = readdirSync(`/proc/${pid}/task`);
      const states = threads.map(
        (thread) => / ([A-Z]) /.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))?.[1],
      );
      if (states.every((state) => state === 'T')) return;
    } catch {
      return;
    }
  }
}

function collect(child: ChildProcess): { text(): string; unref(): void } {
  let text = '';
  const take = (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-LOG_LIMIT);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  const pipes = [child.stdout, child.stderr] as unknown as { unref(): void }[];
  return {
    text: () => text,
    // A forgotten stop() must not keep the test process waiting for a server that never ends.
    unref: () => {
      child.unref();
      for (const pipe of pipes) pipe.unref();
    },
  };
}

async function becomesReady(child: ChildProcess, log: () => string, options: ProcessOptions): Promise<boolean> {
  const deadline = performance.now() + options.timeout;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    if (await options.ready(log())) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}
