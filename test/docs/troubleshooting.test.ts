import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ADVICE } from '../../lib/application/advice.ts';
import { repository } from '../support/peers/paths.ts';
import { sourceOf } from './sources.ts';

const text = readFileSync(join(repository, 'docs/troubleshooting.md'), 'utf8');

/** Rows of the tables below a heading: code, meaning, remedy. */
function rowsBelow(heading: string): { code: string; meaning: string; remedy: string }[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [here = ''] = section.split('\n## ');
  return [...here.matchAll(/^\| `(\w+)` \| (.+?) \| (.+) \|$/gm)].map(([, code, meaning, remedy]) => ({
    code: code!,
    meaning: meaning!,
    remedy: remedy!,
  }));
}

describe('docs/troubleshooting.md', () => {
  it('has every reason that describe can show, with the very advice that describe gives', () => {
    const rows = rowsBelow('Reasons');
    expect(Object.fromEntries(rows.map(({ code, remedy }) => [code, remedy]))).toEqual(ADVICE);
    expect(rows).toHaveLength(Object.keys(ADVICE).length);
  });

  it('names codes of the start that the program has', () => {
    const source = sourceOf('server', 'lib/adapters/sqlite', 'lib/adapters/localkeys');
    const rows = rowsBelow('The service does not start');
    expect(rows.length).toBeGreaterThan(5);
    for (const { code } of rows) expect(source, code).toContain(`'${code}'`);
  });

  it('forgets no code of the data folder or the key file', () => {
    const source = sourceOf('server', 'lib/adapters/sqlite', 'lib/adapters/localkeys');
    const codes = new Set([...source.matchAll(/'((?:DataFolder|KeyFile)[A-Z]\w+)'/g)].map(([, code]) => code!));
    const told = rowsBelow('The service does not start').map(({ code }) => code);
    expect([...codes].filter((code) => !told.includes(code))).toEqual([]);
  });
});
