import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../support/peers/paths.ts';
import { tempDir } from '../support/temp.ts';

/** Makes the first process, and not the one it starts, believe that it is an old release. */
const pretend = `
  if (!process.env.PRETENDED) Object.defineProperty(process.versions, 'node', { value: '20.0.0' });
  process.env.PRETENDED = 'yes';
`;

const major = process.versions.node.split('.')[0];

const platformPackage = `node-${process.platform}-${process.arch}`;

/** The shim in a place of its own, with a program that a test wrote, and this Node as the platform package when wanted. */
function place(program: string, withPackage: boolean): string {
  const root = tempDir('bin');
  for (const folder of ['bin', 'cli', `node_modules/${platformPackage}/bin`])
    mkdirSync(join(root, folder), { recursive: true });
  cpSync(join(repository, 'bin/chancery.js'), join(root, 'bin/chancery.js'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'cli/main.ts'), program);
  writeFileSync(join(root, 'pretend.mjs'), pretend);
  if (withPackage) {
    writeFileSync(join(root, `node_modules/${platformPackage}/package.json`), '{ "name": "x" }');
    symlinkSync(process.execPath, join(root, `node_modules/${platformPackage}/bin/node`));
  }
  return root;
}

function start(root: string, old: boolean, ...args: string[]) {
  const node = old ? ['--import', join(root, 'pretend.mjs')] : [];
  const child = spawn(process.execPath, [...node, join(root, 'bin/chancery.js'), ...args], { cwd: '/' });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  return { child, output: () => output, ended: once(child, 'close').then(([code]) => code as number | null) };
}

const says: string = `
  const words: string = process.argv.slice(2).join(' ');
  console.log('argv', words, process.versions.node.split('.')[0]);
  process.exitCode = 7;
`;

const waits = `
  process.on('SIGTERM', () => { console.log('told to end'); process.exit(3); });
  setInterval(() => {}, 1000);
  console.log('ready');
`;

describe('bin/chancery.js', () => {
  it('starts the program with its arguments on a Node that is new enough', async () => {
    const run = start(place(says, false), false, 'get', 'certificates');
    expect(await run.ended).toBe(7);
    expect(run.output()).toContain(`argv get certificates ${major}`);
  });

  it('starts it with the Node of the platform package on an old one, and passes the exit code on', async () => {
    const run = start(place(says, true), true, 'get', 'certificates');
    expect(await run.ended).toBe(7);
    expect(run.output()).toContain(`argv get certificates ${major}`);
  });

  it('passes a signal on and waits for the program to end', async () => {
    const run = start(place(waits, true), true);
    await expect.poll(run.output, { timeout: 10_000 }).toContain('ready');
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(3);
    expect(run.output()).toContain('told to end');
  });

  it('says what to do when there is no Node that is new enough', async () => {
    const run = start(place(says, false), true);
    expect(await run.ended).toBe(1);
    expect(run.output()).toMatch(/needs Node\.js 24 or later/);
    expect(run.output()).toMatch(/npm ci/);
  });
});
