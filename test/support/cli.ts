import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { guard } from './guard.ts';
import { repository } from './peers/paths.ts';
import { tempDir } from './temp.ts';

/** How a program ended and what it wrote. `all` holds both outputs in the order in which they came. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly all: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Both outputs so far. */
  output(): string;
  readonly ended: Promise<Ended>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** No variable of ours comes from whoever runs the tests. */
const cleanEnvironment = (more: Environment): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  ...more,
});

/** Starts a program in the repository, its outputs kept. It is ended with the tests at the latest. */
export function start(command: string, args: readonly string[], env: Environment = {}, input = ''): Running {
  const child = spawn(command, [...args], { cwd: repository, env: cleanEnvironment(env) });
  const pid = child.pid as number;
  guard.process(pid);
  let [stdout, stderr, all] = ['', '', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    all += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    all += chunk;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      guard.ended(pid);
      resolve({ code, stdout, stderr, all });
    });
  });
  return { child, output: () => all, ended };
}

const SHIM = join(repository, 'bin/chancery.js');

/** Starts `chancery` as its users do. */
export const startCli = (args: readonly string[], env: Environment = {}, input = ''): Running =>
  start(process.execPath, [SHIM, ...args], env, input);

/** Runs `chancery` to its end. */
export const cli = (args: readonly string[], env: Environment = {}, input = ''): Promise<Ended> =>
  startCli(args, env, input).ended;

/** A running service. */
export interface ServedCli extends Running {
  readonly data: string;
  readonly url: string;
  /** The commands that it prints to try. */
  readonly suggested: readonly string[];
}

/** Starts `chancery serve` on a data folder with free ports, and returns when it says that it listens. */
export async function startServe(data: string, args: readonly string[] = []): Promise<ServedCli> {
  const running = startCli([
    'serve',
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
    '--http01-listen',
    '127.0.0.1:0',
    ...args,
  ]);
  const ready = new Promise<void>((resolve) => {
    const look = (): void => {
      if (running.output().includes('Ctrl-C ends it.')) resolve();
    };
    running.child.stdout?.on('data', look);
  });
  await Promise.race([ready, running.ended]);
  const text = running.output();
  const [, url] = /listens on (https:\S+)/.exec(text) ?? [];
  if (url === undefined) throw new Error(`the service did not start:\n${text}`);
  const suggested = text.split('\n').flatMap((line) => (/^ {2}(npx|node) /.test(line) ? [line.trim()] : []));
  return { ...running, data, url, suggested };
}

/** A directory for PATH in which `chancery` is this repository's. */
export function cliOnPath(): string {
  const folder = join(tempDir('path'), 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'chancery'), `#!/bin/sh\nexec '${process.execPath}' '${SHIM}' "$@"\n`, { mode: 0o755 });
  return folder;
}
