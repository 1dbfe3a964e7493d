import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, type GoModule } from '../../test/support/peers/goModules.ts';
import { whyUnbuildable } from '../../test/support/peers/missing.ts';
import { findProgram } from '../../test/support/peers/paths.ts';
import type { Load } from './loads.ts';
import type { Job, Timings } from './runner.ts';

/** A client of the bench. */
export interface Client {
  readonly name: string;
  /** The program to run, with its arguments. */
  readonly command: readonly string[];
  /** Why it is not measured on this load; undefined when it is. */
  unfit(load: Load): string | undefined;
}

/** Clients in Go, from one module. */
const goClients: GoModule = {
  folder: 'acmeclients',
  packages: ['./cmd/acmez', './cmd/certmagic', './cmd/lego'],
  expected: 'about 1 minute',
};

const fit = () => undefined;
const oneName = (load: Load) => (load.namesEach > 1 ? 'it manages one name a certificate' : undefined);
const httpOnly = (load: Load) => (load.challenge === 'http-01' ? undefined : 'it is measured by http-01 alone');

const node = (name: string, module: string, unfit: Client['unfit'] = fit): Client => ({
  name,
  // The flag is that of `npm start`.
  command: [
    process.execPath,
    '--max-semi-space-size=16',
    join(import.meta.dirname, 'child.ts'),
    join(import.meta.dirname, module),
  ],
  unfit,
});

/** Every client that can run here; the floor is the first. `say` hears why others cannot. */
export async function clients(say: (line: string) => void): Promise<Client[]> {
  const all = [
    node('floor', 'floor.ts'),
    node('ours', 'ours.ts'),
    node('core', 'core.ts'),
    node('acme-client', 'acmeClient.ts'),
    node('acme-client auto', 'acmeClientAuto.ts'),
  ];
  const missing = whyUnbuildable(goClients);
  if (missing === undefined) {
    const folder = await build(goClients, say);
    const go = (name: string, unfit: Client['unfit']): Client => ({ name, command: [join(folder, name)], unfit });
    all.push(
      go('acmez', fit),
      go('certmagic', (load) => oneName(load) ?? httpOnly(load)),
      go('lego', fit),
    );
  } else {
    say(`acmez, certmagic, lego: ${missing}`);
  }
  if (findProgram('certbot')) all.push(node('certbot', 'certbot.ts', httpOnly));
  else say('certbot: it is not installed; remedy: pip install certbot==5.8.0');
  return all;
}

/** The slowest client takes under two minutes; what takes longer does not end. */
const LIMIT_MS = 300_000;

/** Runs one client on one job in a process of its own. */
export async function runClient(client: Client, job: Job): Promise<Timings> {
  const [program, ...args] = client.command;
  const child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (part) => {
    out += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part) => {
    err = (err + part).slice(-4000);
  });
  child.stdin.end(JSON.stringify(job));
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const code = await new Promise((resolve) => child.once('close', (exit, signal) => resolve(exit ?? signal)));
  clearTimeout(limit);
  if (code !== 0) throw new Error(`${client.name} ended with ${code}:\n${err}`);
  return JSON.parse(out);
}
