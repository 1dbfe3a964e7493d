import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };

/** This release. */
export const VERSION: string = manifest.version;

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/**
 * How to call this program from `folder`, so that it works when pasted. `npx` finds it only from inside the package, or where it is
 * installed; elsewhere npx would fetch a stranger's package of the same name.
 */
export function programIn(folder: string): string {
  const inside = !relative(root, folder).startsWith('..');
  return inside || installedAbove(folder) ? 'npx chancery' : `node ${shellWord(join(root, 'bin', 'chancery.js'))}`;
}

function installedAbove(folder: string): boolean {
  if (existsSync(join(folder, 'node_modules', '.bin', 'chancery'))) return true;
  const parent = dirname(folder);
  return parent !== folder && installedAbove(parent);
}

/** A word for a shell, quoted where that is needed. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
