#!/usr/bin/env node
// Plain JavaScript that old releases of Node can read: it finds a Node that can run the program, and then the program.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  // Types are stripped and modules compiled once and not at every start, where the package's own folder may be written.
  module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
  await import('../cli/main.ts');
} else {
  const installed = installedNode();
  if (installed === undefined) refuse();
  else runWith(installed);
}

/** The program of the optional dependency for this platform, found from this package and not from where it was called. */
function installedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${platform}-${process.arch}/package.json`);
    const program = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

function runWith(program) {
  const child = spawn(program, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit' });
  child.on('error', (error) => refuse(error.message));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // The terminal sends Ctrl-C to both; sent twice it would mean "at once".
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function refuse(reason) {
  const why = reason ? `, and the one installed with chancery does not start (${reason})` : '';
  process.stderr.write(
    `chancery needs Node.js ${NEEDED} or later; this is ${process.version} at ${process.execPath}${why}.\n` +
      'Install Node.js 24 from https://nodejs.org, or run `npm ci` again without `--omit=optional`: ' +
      'on Linux and Windows that brings it along.\n',
  );
  process.exit(1);
}
