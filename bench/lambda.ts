import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../lib/stacks/bundle.ts';
import { bundleOf, sizeOf } from '../lib/stacks/bundles.ts';
import { functionNames, functions } from '../lib/stacks/functions.ts';
import { importTime } from './lambda/importTime.ts';

const KIB = 1024;

/** The packages that take the most of a bundle, ours among them as `chancery`. */
function largest({ metafile }: Bundle, count: number): string {
  const sizes = new Map<string, number>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const [, name = 'chancery'] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  const sorted = [...sizes].sort(([, a], [, b]) => b - a).slice(0, count);
  return sorted.map(([name, octets]) => `${name} ${Math.round(octets / KIB)}`).join(', ');
}

/** Prints one row a function: minified size against its budget, and milliseconds to load it, cold and warm. Ends with 1 when one is over. */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'chancery-bench-'));
  let over = 0;
  console.log('| function | KiB | at most | cold import, ms | warm | largest parts, KiB |\n|---|---|---|---|---|---|');
  try {
    for (const name of functionNames) {
      const bundled = await bundleOf(name);
      const size = sizeOf(bundled);
      const { budget } = functions[name];
      if (size > budget) over++;
      const file = join(folder, `${name}.mjs`);
      writeFileSync(file, bundled.code);
      const { cold, warm } = await importTime(file);
      const mark = size > budget ? ' OVER' : '';
      console.log(`| ${name} | ${Math.round(size)}${mark} | ${budget} | ${cold} | ${warm} | ${largest(bundled, 3)} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (over === 0) return;
  console.error(`${over} over budget: import less, or say in lib/stacks/functions.ts why more is needed`);
  process.exitCode = 1;
}

await main();
