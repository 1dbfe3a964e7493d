import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, root } from './bundle.ts';
import { type FunctionName, functionNames } from './functions.ts';

/** Entry point of a function, from the program's folder. */
export const entryOf = (name: FunctionName): string => `functions/lambda/${name}.ts`;

/**
 * Bundles every function into a directory of its own below `folder`.
 * @returns where a function's code is
 */
export async function bundleAll(folder = join(root, '.cache/lambda')): Promise<(name: FunctionName) => string> {
  const directory = (name: FunctionName): string => join(folder, name);
  await Promise.all(
    functionNames.map(async (name) => {
      const { code } = await bundle(entryOf(name));
      mkdirSync(directory(name), { recursive: true });
      writeFileSync(join(directory(name), 'index.mjs'), code);
    }),
  );
  return directory;
}
