import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bundle, bundle, root } from './bundle.ts';
import { type FunctionName, type FunctionSpec, functionNames, functions } from './functions.ts';

/** Bundles one function. */
export function bundleOf(name: FunctionName): Promise<Bundle> {
  const { keepNames }: FunctionSpec = functions[name];
  return bundle(`functions/lambda/${name}.ts`, keepNames);
}

/**
 * Bundles every function into a directory of its own below `folder`.
 * @returns where a function's code is
 */
export async function bundleAll(folder = join(root, '.cache/lambda')): Promise<(name: FunctionName) => string> {
  const directory = (name: FunctionName): string => join(folder, name);
  await Promise.all(
    functionNames.map(async (name) => {
      const { code } = await bundleOf(name);
      mkdirSync(directory(name), { recursive: true });
      writeFileSync(join(directory(name), 'index.mjs'), code);
    }),
  );
  return directory;
}
