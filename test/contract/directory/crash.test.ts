import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { directoryDestinations } from '../../../lib/adapters/directory/destinations.ts';
import { contentsMaker, type KeyedContents } from '../../support/certificates.ts';
import { guard } from '../../support/guard.ts';
import { repository } from '../../support/peers/paths.ts';
import { tempDir } from '../../support/temp.ts';

const program = join(repository, 'test/support/pushForever.ts');
const context = { instance: 'here', certificate: 'team/app' };

describe('A directory destination when its writer dies or finds no room', () => {
  let sets: KeyedContents[];
  let file: string;
  let child: ChildProcess | undefined;
  beforeAll(async () => {
    const maker = await contentsMaker();
    sets = [await maker.make(), await maker.make()];
    file = join(tempDir('sets'), 'sets.json');
    writeFileSync(file, JSON.stringify(sets), { mode: 0o600 });
  });
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  /** Whether certificate and key of a folder belong together. */
  const fits = (folder: string): boolean =>
    new X509Certificate(readFileSync(join(folder, 'tls.crt'))).checkPrivateKey(
      createPrivateKey(readFileSync(join(folder, 'tls.key'))),
    );

  /** As a careful reader does: resolve the link once, and again when that set was replaced meanwhile. */
  const readsPair = (path: string): boolean => {
    for (;;) {
      try {
        return fits(join(path, readlinkSync(join(path, '..data'))));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  };

  it('always has a certificate with its own key, however often the writer is killed', async () => {
    const root = tempDir('crash');
    const path = join(root, 'tls');
    const destinations = directoryDestinations({ roots: [root] });
    await destinations.push({ kind: 'directory', path }, sets[0]!, context);
    let pairs = 0;
    for (let round = 0; round < 8; round++) {
      child = spawn(process.execPath, [program, root, path, file, '100000'], { stdio: ['ignore', 'pipe', 'inherit'] });
      guard.process(child.pid as number);
      await once(child.stdout!, 'data');
      for (let i = 0; i < 10; i++) {
        expect(readsPair(path)).toBe(true);
        pairs++;
        await pause(1 + Math.random() * 4);
      }
      child.kill('SIGKILL');
      await once(child, 'exit');
      guard.ended(child.pid as number);
      expect(fits(path)).toBe(true);
    }
    expect(pairs).toBe(80);
    expect(await destinations.push({ kind: 'directory', path }, sets[1]!, context)).toMatchObject({
      outcome: 'confirmed',
      fingerprint: sets[1]!.fingerprint,
    });
    expect(await destinations.push({ kind: 'directory', path }, sets[0]!, context)).toHaveProperty('fingerprint');
    expect(readdirSync(path).filter((name) => name.startsWith('..chancery-'))).toHaveLength(1);
    expect(existsSync(join(path, '..data.next'))).toBe(false);
  });

  it('keeps the former set whole when the disk takes no more', async () => {
    const root = tempDir('full');
    const path = join(root, 'tls');
    await directoryDestinations({ roots: [root] }).push({ kind: 'directory', path }, sets[1]!, context);
    // No file may grow beyond nothing: the kernel answers as it does for a full disk.
    const limited = spawnSync('/bin/sh', [
      '-c',
      'ulimit -f 0; exec "$@"',
      'sh',
      process.execPath,
      program,
      root,
      path,
      file,
      '1',
    ]);
    expect(JSON.parse(limited.stdout.toString())).toMatchObject({ outcome: 'failed', reason: 'DiskFull' });
    expect(readFileSync(join(path, 'tls.crt'), 'utf8')).toBe(sets[1]!.certificate);
    expect(fits(path)).toBe(true);
    expect(readdirSync(path).filter((name) => name.startsWith('..chancery-'))).toHaveLength(1);
  });
});
