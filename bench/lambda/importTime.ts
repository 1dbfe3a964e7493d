import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Enough for every function to be made; nothing is called. */
const ENVIRONMENT = {
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
  BUS: 'bus',
};

const TIMES = 3;

/** Milliseconds that a fresh process needs to load a bundle and make its handler; the median of three. */
export async function importTime(file: string): Promise<number> {
  const code = `const t = performance.now(); const { handler } = await import(${JSON.stringify(pathToFileURL(file).href)});
    if (typeof handler !== 'function') throw new Error('no handler'); console.log(Math.round(performance.now() - t));`;
  const times: number[] = [];
  for (let turn = 0; turn < TIMES; turn++) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code], { env: ENVIRONMENT });
    times.push(Number(stdout));
  }
  return times.sort((a, b) => a - b)[(TIMES - 1) / 2]!;
}
