import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { rules } from './rules.ts';

/** What was found: how many modules of ours were read, and every violation as `rule: from -> to`. */
export interface Findings {
  readonly modules: readonly string[];
  readonly violations: readonly string[];
}

const FOLDERS = ['lib', 'functions', 'server', 'cli', 'bin', 'bench', 'test'];

/** Reads every import, of types too, of the source tree under `root` and holds it against the rules. */
export async function checkImports(root: string): Promise<Findings> {
  const { output } = await cruise(
    FOLDERS.filter((folder) => existsSync(join(root, folder))),
    {
      baseDir: root,
      ruleSet: { forbidden: [...rules] },
      validate: true,
      doNotFollow: { path: 'node_modules' },
      // Its reader for TypeScript knows no TypeScript 7, and then reads nothing without a word.
      parser: 'swc',
      tsPreCompilationDeps: true,
    },
    {
      extensions: ['.ts', '.js', '.mjs', '.json', '.d.ts'],
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  );
  const { modules, summary } = output as ICruiseResult;
  return {
    modules: modules
      .filter(({ dependencies, source }) => dependencies.length > 0 && !source.includes('node_modules'))
      .map(({ source }) => source),
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
  };
}
