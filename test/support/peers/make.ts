import { build, type GoModule, goModules, isBuilt } from './goModules.ts';
import { peerNames, whyMissing, whyUnbuildable } from './missing.ts';
import { install, isInstalled, type PythonEnv, pythonEnvs, whyUninstallable } from './pythonEnvs.ts';

/** How long a silent build may make a person wonder. */
const REMINDER = 30_000;

type Say = (line: string) => void;

/** Builds and installs every peer that this machine can have, one after the other, and says what is missing. Throws when one fails. */
export async function makePeers(say: Say): Promise<void> {
  for (const module of Object.values<GoModule>(goModules)) {
    if (isBuilt(module) || whyUnbuildable(module) !== undefined) continue;
    await withProgress(module.folder, module.expected, say, () => build(module, say));
  }
  for (const env of Object.values<PythonEnv>(pythonEnvs)) {
    if (isInstalled(env) || whyUninstallable(env) !== undefined) continue;
    await withProgress(env.name, env.expected, say, () => install(env, say));
  }
  for (const peer of peerNames) {
    const reason = whyMissing(peer);
    if (reason !== undefined) say(`missing: ${reason}. Suites that need it are skipped.`);
  }
}

async function withProgress(name: string, expected: string, say: Say, make: () => Promise<unknown>): Promise<void> {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  const reminder = setInterval(() => say(`  ${name}: ${seconds()} s of ${expected}`), REMINDER);
  try {
    await make();
    say(`  ${name}: ready after ${seconds()} s`);
  } finally {
    clearInterval(reminder);
  }
}
