import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/clusters.md'), 'utf8');

const source = (...paths: string[]): string =>
  paths
    .flatMap((path) => (path.endsWith('.ts') ? [path] : readdirSync(join(root, path)).map((file) => join(path, file))))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');

/** Reasons that the code gives: first words of `refused`, second of `failed`, codes of Refusal and NetError. */
function reasonsOf(text: string): string[] {
  const patterns = [
    /\brefused\(\s*'(\w+)'/g,
    /\bfailed\(\s*'\w+',\s*'(\w+)'/g,
    /\bnew Refusal\(\s*'(\w+)'/g,
    /\bnew NetError\(\s*'(\w+)'/g,
  ];
  return [...new Set(patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] as string)))];
}

const section = (title: string): string => page.split(`### ${title}\n`)[1]?.split('\n### ')[0] ?? '';

describe('docs/clusters.md', () => {
  test('explains every reason that a cluster or the way to it can give', () => {
    const reasons = reasonsOf(
      source('lib/adapters/kubernetes', 'lib/adapters/eks', 'lib/adapters/net', 'lib/application/clusters.ts'),
    );
    expect(reasons.length).toBeGreaterThan(20);
    expect(reasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
  });

  test('explains every reason that a directory can give, in its own table', () => {
    const reasons = reasonsOf(source('lib/adapters/directory'));
    expect(reasons.length).toBeGreaterThan(6);
    expect(reasons.filter((reason) => !section('In a directory').includes(`| \`${reason}\` |`))).toEqual([]);
  });

  test('explains no reason that nothing gives', () => {
    const known = source(
      'lib/adapters/kubernetes',
      'lib/adapters/net',
      'lib/adapters/directory',
      'lib/application/clusters.ts',
      'lib/adapters/eks',
    );
    const written = [...page.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, cell]) => cell!.match(/\w+/g) ?? []);
    expect(written.length).toBeGreaterThan(25);
    expect(written.filter((reason) => !known.includes(`'${reason}'`))).toEqual([]);
  });

  test('names files that are there', () => {
    const files = page.match(/deploy\/kubernetes\/[\w.-]+/g) ?? [];
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect(readFileSync(join(root, file), 'utf8')).not.toBe('');
  });
});
