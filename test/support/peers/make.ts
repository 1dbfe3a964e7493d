import { build, type GoModule, goModules, isBuilt } from './goModules.ts';
import { peerNames, whyMissing, whyUnbuildable } from './missing.ts';

/** How long a silent build may make a person wonder. */
const REMINDER = 30_000;

/** Builds every peer that can be built here, one after the other, and says what is missing. Throws when a build fails. */
export async function makePeers(say: (line: string) => void): Promise<void> {
  for (const module of Object.values<GoModule>(goModules)) await makeModule(module, say);
  for (const peer of peerNames) {
    const reason = whyMissing(peer);
    if (reason !== undefined) say(`missing: ${reason}. Suites that need it are skipped.`);
  }
}

async function makeModule(module: GoModule, say: (line: string) => void): Promise<void> {
  if (isBuilt(module) || whyUnbuildable(module) !== undefined) return;
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  const reminder = setInterval(() => say(`  ${module.folder}: ${seconds()} s of ${module.expected}`), REMINDER);
  try {
    await build(module, say);
    say(`  ${module.folder}: built in ${seconds()} s`);
  } finally {
    clearInterval(reminder);
  }
}
