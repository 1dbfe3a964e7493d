import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { directoryDestinations } from '../../../lib/adapters/directory/destinations.ts';
import type { Destinations } from '../../../lib/ports/destinations.ts';
import { contentsMaker, type KeyedContents } from '../../support/certificates.ts';
import { tempDir } from '../../support/temp.ts';

const context = { instance: 'here', certificate: 'team/app' };

describe('directoryDestinations', () => {
  let contents: KeyedContents;
  let root: string;
  let path: string;
  let destinations: Destinations;
  beforeAll(async () => {
    contents = await (await contentsMaker()).make();
  });
  beforeEach(() => {
    root = tempDir('root');
    path = join(root, 'web', 'tls');
    destinations = directoryDestinations({ roots: [root] });
  });
  const push = (to: string, what: KeyedContents = contents) =>
    destinations.push({ kind: 'directory', path: to }, what, context);

  it('makes missing directories, a key that only its owner reads, and nothing beside the set', async () => {
    expect(await push(path)).toMatchObject({ outcome: 'confirmed' });
    expect(statSync(join(path, 'tls.key')).mode & 0o777).toBe(0o600);
    const version = readlinkSync(join(path, '..data'));
    expect(readdirSync(path).sort()).toEqual(
      ['.chancery.json', '..data', version, 'ca.crt', 'tls.crt', 'tls.key'].sort(),
    );
    expect(readdirSync(join(path, version)).sort()).toEqual(['.chancery.json', 'ca.crt', 'tls.crt', 'tls.key']);
  });

  it('marks the directory with instance, certificate and fingerprint, and no key', async () => {
    await push(path);
    const mark = JSON.parse(readFileSync(join(path, '.chancery.json'), 'utf8'));
    expect(mark).toEqual({ ...context, fingerprint: contents.fingerprint, uid: expect.any(String) });
  });

  it('takes the root itself as a destination', async () => {
    expect(await push(root)).toMatchObject({ outcome: 'confirmed' });
  });

  it('puts right the mode of a key that others may read', async () => {
    const made = await push(path);
    chmodSync(join(path, 'tls.key'), 0o644);
    expect(await push(path)).not.toEqual(made);
    expect(statSync(join(path, 'tls.key')).mode & 0o777).toBe(0o600);
  });

  it('clears what a crash left before its set was in place', async () => {
    await push(path);
    mkdirSync(join(path, '..chancery-00000000deadbeef'));
    symlinkSync('..chancery-00000000deadbeef', join(path, '..data.next'));
    writeFileSync(join(path, '..chancery-00000000deadbeef', 'tls.key'), 'half');
    const another = { ...contents, ca: '' };
    expect(await push(path, another)).toMatchObject({ outcome: 'confirmed' });
    expect(existsSync(join(path, '..chancery-00000000deadbeef'))).toBe(false);
    expect(existsSync(join(path, '..data.next'))).toBe(false);
  });

  it.each([
    ['a relative path', () => 'web/tls', 'PathNotAllowed'],
    ['a path outside every root', () => '/etc/chancery-test', 'PathNotAllowed'],
    ['a path beside the root with its name as a beginning', () => `${root}-beside/tls`, 'PathNotAllowed'],
    ['a path that climbs', () => `${root}/web/../../x`, 'PathNotAllowed'],
    ['a second spelling of a path', () => `${root}//web`, 'PathNotAllowed'],
    ['a slash at the end', () => `${root}/web/`, 'PathNotAllowed'],
    ['a path with a NUL', () => `${root}/a\0b`, 'PathNotAllowed'],
    ['a set of another destination', () => `${root}/..data`, 'PathNotAllowed'],
    ['a component that is too long', () => `${root}/${'x'.repeat(300)}`, 'PathNotAllowed'],
  ])('refuses %s', async (_, to, reason) => {
    expect(await push(to())).toMatchObject({ outcome: 'refused', reason });
    expect(readdirSync(root)).toEqual([]);
  });

  it('refuses a symbolic link and a file as components, wherever in the path', async () => {
    const outside = tempDir('outside');
    symlinkSync(outside, join(root, 'link'));
    writeFileSync(join(root, 'file'), '');
    for (const to of ['link', 'link/tls'])
      expect(await push(join(root, to))).toMatchObject({ outcome: 'refused', reason: 'SymlinkRefused' });
    expect(await push(join(root, 'file', 'tls'))).toMatchObject({ outcome: 'refused', reason: 'PathNotAllowed' });
    expect(readdirSync(outside)).toEqual([]);
  });

  it('follows a root that is itself a link, which the operator made', async () => {
    const link = join(tempDir('links'), 'root');
    symlinkSync(root, link);
    destinations = directoryDestinations({ roots: [link] });
    expect(await push(join(link, 'tls'))).toMatchObject({ outcome: 'confirmed' });
    expect(existsSync(join(root, 'tls', 'tls.crt'))).toBe(true);
  });

  it('refuses a root that is not there', async () => {
    destinations = directoryDestinations({ roots: [join(root, 'gone')] });
    expect(await push(join(root, 'gone', 'tls'))).toMatchObject({ outcome: 'refused', reason: 'RootMissing' });
  });

  it('writes through no link that somebody put in place of a file', async () => {
    const victim = join(tempDir('victim'), 'file');
    writeFileSync(victim, 'untouched');
    mkdirSync(path, { recursive: true });
    symlinkSync(victim, join(path, 'tls.crt'));
    expect(await push(path)).toMatchObject({ outcome: 'refused', reason: 'NotOwned' });
    expect(await destinations.observe({ kind: 'directory', path }, context)).not.toHaveProperty('fingerprint');

    const ours = join(root, 'ours');
    await push(ours);
    symlinkSync(victim, join(ours, 'new'));
    renameSync(join(ours, 'new'), join(ours, 'tls.crt'));
    expect(await push(ours)).toMatchObject({ outcome: 'confirmed' });
    expect(readlinkSync(join(ours, 'tls.crt'))).toBe('..data/tls.crt');
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
  });

  it("leaves a volume of Kubernetes' own alone", async () => {
    mkdirSync(join(path, '..2026_01_01'), { recursive: true });
    symlinkSync('..2026_01_01', join(path, '..data'));
    symlinkSync('..data/tls.crt', join(path, 'tls.crt'));
    expect(await push(path)).toMatchObject({ outcome: 'refused', reason: 'NotOwned' });
    await destinations.withdraw({ kind: 'directory', path }, context);
    expect(lstatSync(join(path, 'tls.crt')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(join(path, '..data'))).toBe('..2026_01_01');
  });

  it('withdraws every file and keeps the directory with what others have there', async () => {
    await push(path);
    writeFileSync(join(path, 'notes.txt'), 'mine');
    expect(await destinations.withdraw({ kind: 'directory', path }, context)).toEqual({ outcome: 'withdrawn' });
    expect(readdirSync(path)).toEqual(['notes.txt']);
  });

  it('carries on a withdrawal that was cut short', async () => {
    await push(path);
    const set = readlinkSync(join(path, '..data'));
    renameSync(join(path, '..data'), join(path, 'old'));
    expect(await destinations.withdraw({ kind: 'directory', path }, context)).toEqual({ outcome: 'withdrawn' });
    expect(existsSync(join(path, set))).toBe(false);
    expect(existsSync(join(path, 'tls.key'))).toBe(false);
  });

  it.runIf(existsSync('/proc/self/fd'))(
    'looks where nothing is as often as one likes, and leaves nothing open',
    async () => {
      const openFiles = () => readdirSync('/proc/self/fd').length;
      const look = () => destinations.observe({ kind: 'directory', path }, context);
      await look();
      const before = openFiles();
      for (let n = 0; n < 50; n++) expect(await look()).toBeUndefined();
      expect(openFiles()).toBeLessThan(before + 25);
    },
  );

  it('sees links of ours that lead nowhere as nothing, and puts the files back', async () => {
    await push(path);
    renameSync(join(path, '..data'), join(path, 'old'));
    expect(await destinations.observe({ kind: 'directory', path }, context, contents)).toBeUndefined();
    expect(await push(path)).toMatchObject({ outcome: 'confirmed' });
    const seen = await destinations.observe({ kind: 'directory', path }, context, contents);
    expect(seen).toMatchObject({ ours: true, differing: [] });
  });
});
