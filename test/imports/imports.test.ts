import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../support/peers/paths.ts';
import { tempDir } from '../support/temp.ts';
import { checkImports } from './cruise.ts';
import { rules } from './rules.ts';

/** For each rule a file that breaks it. */
const planted: readonly (readonly [rule: string, file: string, imports: string])[] = [
  ['layer-async', 'lib/async/a.ts', `import type { P } from '../ports/p.ts'; export type A = P;`],
  ['layer-domain', 'lib/domain/a.ts', `import type { P } from '../ports/p.ts'; export type A = P;`],
  ['layer-ports', 'lib/ports/a.ts', `import { x } from '../application/x.ts'; export const a = x;`],
  ['layer-application', 'lib/application/a.ts', `import type { X } from '../adapters/x.ts'; export type A = X;`],
  ['layer-adapters', 'lib/adapters/a.ts', `export { x } from '../application/x.ts';`],
  ['layer-stacks', 'lib/stacks/a.ts', `import { x } from '../../functions/x.ts'; export const a = x;`],
  ['layer-functions', 'functions/a.ts', `import { x } from '../server/x.ts'; export const a = x;`],
  ['composition', 'functions/api/a.ts', `import { x } from '../composition/x.ts'; export const a = x;`],
  ['composition', 'server/a.ts', `import { x } from '../functions/composition/x.ts'; export const a = x;`],
  ['layer-server', 'server/a.ts', `export const a = () => import('../cli/x.ts');`],
  ['layer-cli', 'cli/a.ts', `import { x } from '../server/x.ts'; export const a = x;`],
  ['layer-cli-host', 'cli/serve.ts', `import { x } from '../lib/adapters/x.ts'; export const a = x;`],
  ['layer-bin', 'bin/a.ts', `import { x } from '../server/x.ts'; export const a = x;`],
  ['domain-is-pure', 'lib/domain/a.ts', `import { randomUUID } from 'node:crypto'; export const a = randomUUID;`],
  ['domain-stands-alone', 'lib/domain/a.ts', `import { parse } from 'yaml'; export const a = parse;`],
  ['ports-are-types', 'lib/ports/a.ts', `import type { ZodType } from 'zod'; export type A = ZodType;`],
  ['doors', 'lib/application/a.ts', `import { connect } from 'node:tls'; export const a = connect;`],
  ['doors', 'functions/a.ts', `import { DatabaseSync } from 'node:sqlite'; export const a = DatabaseSync;`],
  ['cli-doors', 'cli/a.ts', `import { DatabaseSync } from 'node:sqlite'; export const a = DatabaseSync;`],
  ['no-cycle', 'lib/domain/a.ts', `import type { B } from './b.ts'; export type A = B;`],
  ['resolvable', 'lib/domain/a.ts', `import { x } from './absent.ts'; export const a = x;`],
  ['installed', 'server/a.ts', `import { it } from 'vitest'; export const a = it;`],
];

/** What the planted files import. */
const surroundings: Readonly<Record<string, string>> = {
  'lib/domain/b.ts': `import type { A } from './a.ts'; export type B = A | 1;`,
  'lib/ports/p.ts': 'export type P = 1;',
  'lib/application/x.ts': 'export const x = 1;',
  'lib/adapters/x.ts': 'export const x = 1; export type X = 1;',
  'functions/x.ts': 'export const x = 1;',
  'functions/composition/x.ts': 'export const x = 1;',
  'server/x.ts': 'export const x = 1;',
  'cli/x.ts': 'export const x = 1;',
};

function plant(file: string, text: string): string {
  const root = tempDir('imports');
  const sources = { ...surroundings, 'lib/domain/a.ts': 'export type A = 1;', [file]: text };
  for (const [path, source] of Object.entries(sources)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), source);
  }
  const manifest = { name: 'planted', dependencies: { yaml: '*', zod: '*' }, devDependencies: { vitest: '*' } };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  return root;
}

describe('Imports', () => {
  it('go one way in the whole source tree', { timeout: 60_000 }, async () => {
    const { modules, violations } = await checkImports(repository);
    expect(modules.filter((path) => path.startsWith('lib/')).length).toBeGreaterThan(10);
    expect(violations).toEqual([]);
  });

  it.each(planted)('%s: a planted violation in %s is seen', { timeout: 30_000 }, async (name, file, text) => {
    const { violations } = await checkImports(plant(file, text));
    expect(violations.filter((violation) => violation.startsWith(`${name}: ${file} -> `))).not.toEqual([]);
  });

  it('are clean where nothing is planted', { timeout: 30_000 }, async () => {
    expect((await checkImports(plant('lib/domain/c.ts', `export type { B } from './b.ts';`))).violations).toEqual([]);
  });

  it('have a planted violation for every rule', () => {
    expect([...new Set(planted.map(([name]) => name))].sort()).toEqual(rules.map(({ name }) => name).sort());
  });
});
