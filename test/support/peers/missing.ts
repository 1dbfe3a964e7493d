import { spawnSync } from 'node:child_process';
import { type GoModule, goModules, isBuilt } from './goModules.ts';
import { findProgram } from './paths.ts';
import { pythonEnvs, whyUninstallable } from './pythonEnvs.ts';

/** Software that a test may need besides Node. */
export const peerNames = [
  'openssl',
  'python',
  'prometheus',
  'bind',
  'knot',
  'pebble',
  'zlint',
  'goverify',
  'kubernetes',
  'ministack',
  'cfnLint',
] as const;

export type PeerName = (typeof peerNames)[number];

const program = (name: string, apt: string) =>
  findProgram(name) ? undefined : `${name} is not installed; remedy: apt-get install ${apt}`;

/** Why a module can be neither used nor built here. Go 1.21 and later fetch the release that a module asks for, so any of them will do. */
export function whyUnbuildable(module: GoModule): string | undefined {
  if (isBuilt(module)) return undefined;
  const go = findProgram('go');
  if (go === undefined) return `${module.folder} is built with Go; remedy: install Go 1.25 or later from go.dev/dl`;
  const minor = Number(/go1\.(\d+)/.exec(spawnSync(go, ['version'], { encoding: 'utf8' }).stdout)?.[1]);
  return minor >= 21 ? undefined : `Go is too old to build ${module.folder}; remedy: install Go 1.25 or later`;
}

const checks: Record<PeerName, () => string | undefined> = {
  pebble: () => whyUnbuildable(goModules.pebble),
  kubernetes: () => whyUnbuildable(goModules.kubetest),
  zlint: () => whyUnbuildable(goModules.zlint),
  goverify: () => whyUnbuildable(goModules.goverify),
  ministack: () => whyUninstallable(pythonEnvs.ministack),
  cfnLint: () => whyUninstallable(pythonEnvs.cfnLint),
  bind: () => program('named', 'bind9') ?? program('nsupdate', 'bind9-dnsutils'),
  knot: () => program('knotd', 'knot'),
  openssl: () => program('openssl', 'openssl'),
  python: () => program('python3', 'python3'),
  prometheus: () => program('promtool', 'prometheus'),
};

/** Why a peer cannot run here, with the remedy; undefined when it can. */
export const whyMissing = (peer: PeerName): string | undefined => checks[peer]();
