import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Enough for every function to be made; nothing is called. A test compares it with what the stacks give. */
export const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  INSTANCE: 'bench',
  CHANCERY_VERSION: '0',
  LEDGER_TABLE: 'ledger',
  VIEWS_TABLE: 'views',
  SEALED_TABLE: 'sealed',
  CHALLENGES_TABLE: 'challenges',
  VAULT_KEY: 'key',
  ISSUE_MACHINE: 'issue',
  DELIVER_MACHINE: 'deliver',
  DEAD_LETTERS: 'letters',
  PROJECT_FUNCTION: 'project',
  REACT_FUNCTION: 'react',
  BUS: 'bus',
};

const TIMES = 3;

/** Milliseconds to load a bundle and make its handler. */
export interface ImportTime {
  /** In a fresh process. */
  readonly cold: number;
  /** Once more in the same process, where what it uses of Node is loaded and compiled. */
  readonly warm: number;
}

/** The median of three processes. */
export async function importTime(file: string): Promise<ImportTime> {
  const code = `for (const again of ['', '?again']) {
      const t = performance.now(); const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)} + again);
      if (typeof handler !== 'function') throw new Error('no handler'); console.log(Math.round(performance.now() - t)); }`;
  const times: number[][] = [];
  for (let turn = 0; turn < TIMES; turn++) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { env: ENVIRONMENT });
    times.push(stdout.trim().split('\n').map(Number));
  }
  const median = (which: 0 | 1): number => times.map((one) => one[which]!).sort((a, b) => a - b)[(TIMES - 1) / 2]!;
  return { cold: median(0), warm: median(1) };
}
