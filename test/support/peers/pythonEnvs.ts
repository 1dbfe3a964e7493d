import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../commands.ts';
import { cache, findProgram } from './paths.ts';

/** A peer that is installed from PyPI into a virtual environment of its own. */
export interface PythonEnv {
  readonly name: string;
  /** Requirements with exact versions. */
  readonly packages: readonly string[];
  /** What to tell a person who waits for the first installation. */
  readonly expected: string;
}

/** Every Python environment that the tests know. */
export const pythonEnvs = {
  ministack: {
    name: 'ministack',
    packages: ['ministack==1.5.33', 'cryptography==50.0.2'],
    expected: 'about 30 seconds',
  },
  cfnLint: { name: 'cfnLint', packages: ['cfn-lint==1.58.0'], expected: 'about 50 seconds' },
} as const satisfies Record<string, PythonEnv>;

/** Version of the Python on this machine, such as `3.11.7`; undefined when there is none. */
function pythonVersion(): string | undefined {
  const python = findProgram('python3');
  if (python === undefined) return undefined;
  return /Python (\S+)/.exec(spawnSync(python, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
}

/** Other packages, or another Python, are another folder in the cache. */
function folderOf(env: PythonEnv): string {
  const parts = [process.platform, process.arch, pythonVersion(), env.packages];
  return join(cache, `${env.name}-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)}`);
}

// Programs of an environment name its path in their first line, and that changes; so modules are run by the interpreter (`python -m`).
const interpreter = (folder: string): string => join(folder, 'bin', 'python');

/** Whether the environment is there. */
export const isInstalled = (env: PythonEnv): boolean => existsSync(folderOf(env));

/** Why the environment can be neither used nor made here. */
export function whyUninstallable(env: PythonEnv): string | undefined {
  if (isInstalled(env)) return undefined;
  const [major = 0, minor = 0] = (pythonVersion() ?? '').split('.').map(Number);
  const hasVenv = () => spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
  if (major === 3 && minor >= 10 && hasVenv()) return undefined;
  return `${env.name} runs on Python 3.10 or later with venv; remedy: apt-get install python3 python3-venv`;
}

/** Installs the environment unless it is there, and returns its interpreter. Two processes that install at once both succeed. */
export async function install(env: PythonEnv, say: (line: string) => void = () => {}): Promise<string> {
  const target = folderOf(env);
  if (isInstalled(env)) return interpreter(target);
  say(`installing ${env.name} (once, ${env.expected})`);
  const partial = `${target}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  try {
    await run(env, 'python3', ['-m', 'venv', partial]);
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
    await run(env, interpreter(partial), ['-m', 'pip', 'install', ...quiet, ...env.packages]);
    if (!isInstalled(env)) renameSync(partial, target);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return interpreter(target);
}

async function run(env: PythonEnv, command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(command, args);
  if (code !== 0) throw new Error(`installing ${env.name} failed:\n${stderr.slice(-4000)}`);
}
