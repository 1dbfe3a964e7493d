import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runCommand } from '../commands.ts';
import { cache, findProgram, repository } from './paths.ts';

/** A peer that is built from a Go module under test/peers. */
export interface GoModule {
  /** Folder under test/peers. */
  readonly folder: string;
  /** Packages to build; each becomes a program named like its last path element. */
  readonly packages: readonly string[];
  /** What to tell a person who waits for the first build. */
  readonly expected: string;
}

/** Every Go module that the tests know. The times were measured with an empty cache on two cores. */
export const goModules = {
  pebble: {
    folder: 'pebble',
    packages: [
      'github.com/letsencrypt/pebble/v2/cmd/pebble',
      'github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv',
    ],
    expected: 'about 1 minute',
  },
  kubetest: { folder: 'kubetest', packages: ['./cmd/kubetest'], expected: '5 to 15 minutes' },
  zlint: { folder: 'zlint', packages: ['github.com/zmap/zlint/v3/cmd/zlint'], expected: 'about 90 seconds' },
  goverify: { folder: 'goverify', packages: ['./cmd/goverify'], expected: 'about 10 seconds' },
} as const satisfies Record<string, GoModule>;

const sourceOf = (module: GoModule) => join(repository, 'test/peers', module.folder);

/** Every file that decides what the build makes, so that a changed lock file is a new folder in the cache. */
function hash(module: GoModule): string {
  const folder = sourceOf(module);
  const files = (readdirSync(folder, { recursive: true }) as string[])
    .map((file) => join(folder, file))
    .filter((file) => statSync(file).isFile())
    .sort();
  const digest = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of files) digest.update(relative(folder, file)).update('\0').update(readFileSync(file)).update('\0');
  return digest.digest('hex').slice(0, 16);
}

/** The folder that holds (or will hold) the module's programs. */
const binaries = (module: GoModule): string => join(cache, `${module.folder}-${hash(module)}`);

/** Whether the module's programs are there. */
export function isBuilt(module: GoModule): boolean {
  return module.packages.every((path) => existsSync(join(binaries(module), path.split('/').at(-1) as string)));
}

/** Builds the module unless it is built, and returns the folder of its programs. Two processes that build at once both succeed. */
export async function build(module: GoModule, say: (line: string) => void = () => {}): Promise<string> {
  const target = binaries(module);
  if (isBuilt(module)) return target;
  const go = findProgram('go');
  if (go === undefined) throw new Error(`${module.folder} is built with Go, which is not on this machine`);
  say(`building ${module.folder} (once, ${module.expected})`);
  const folder = sourceOf(module);
  const partial = `${target}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const ldflags = existsSync(join(folder, 'ldflags')) ? readFileSync(join(folder, 'ldflags'), 'utf8').trim() : '-s -w';
  const flags = ['build', '-C', folder, '-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', ldflags];
  const { code, stderr } = await runCommand('env', [
    'CGO_ENABLED=0',
    go,
    ...flags,
    '-o',
    `${partial}/`,
    ...module.packages,
  ]);
  if (code !== 0) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(`building ${module.folder} failed:\n${stderr.slice(-4000)}`);
  }
  if (!isBuilt(module)) renameOver(partial, target);
  rmSync(partial, { recursive: true, force: true });
  return target;
}

function renameOver(partial: string, target: string): void {
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
}
