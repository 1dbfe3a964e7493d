import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bundle, bundle, root } from './bundle.ts';
import { type FunctionName, type FunctionSpec, functionNames, functions } from './functions.ts';

/** Bundles one function. */
export function bundleOf(name: FunctionName): Promise<Bundle> {
  const { keepNames }: FunctionSpec = functions[name];
  return bundle(`functions/lambda/${name}.ts`, keepNames);
}

/** KiB of code. */
export const sizeOf = ({ code }: Pick<Bundle, 'code'>): number => Buffer.byteLength(code) / 1024;

/** A function has more code than its row of lib/stacks/functions.ts allows. */
export class BundleOverBudget extends Error {
  override readonly name = 'BundleOverBudget';
}

/** @throws BundleOverBudget */
export function checkBudget(name: FunctionName, made: Pick<Bundle, 'code'>): void {
  const { budget } = functions[name];
  const size = sizeOf(made);
  if (size <= budget) return;
  throw new BundleOverBudget(
    `the function ${name} has ${Math.ceil(size)} KiB of code, and may have ${budget}: import less, or say in lib/stacks/functions.ts why more is needed`,
  );
}

/**
 * Bundles every function into a directory of its own below `folder`.
 * @returns where a function's code is
 * @throws BundleOverBudget
 */
export async function bundleAll(folder = join(root, '.cache/lambda')): Promise<(name: FunctionName) => string> {
  const directory = (name: FunctionName): string => join(folder, name);
  await Promise.all(
    functionNames.map(async (name) => {
      const made = await bundleOf(name);
      checkBudget(name, made);
      mkdirSync(directory(name), { recursive: true });
      writeFileSync(join(directory(name), 'index.mjs'), made.code);
    }),
  );
  return directory;
}
