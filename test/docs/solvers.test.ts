import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseManifests } from '../../lib/application/manifests/parseManifests.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/solvers.md'), 'utf8');
const source = (folder: string) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(root, folder, entry.name), 'utf8'))
    .join('\n');

describe('docs/solvers.md', () => {
  test('has a row for every code that DNS solvers answer, and no other', () => {
    const sources = ['lib/adapters/dns', 'lib/adapters/route53', 'lib/adapters'].map(source).join('');
    const codes = sources.match(/'(Dns|Webhook|Cname|Solver|Address)[A-Z][A-Za-z]+'/g) ?? [];
    const written = [...page.slice(page.indexOf('## When it fails')).matchAll(/^\| `([A-Za-z0-9]+)` \|/gm)];
    expect(written.map(([, code]) => code)).toEqual([...new Set(codes.map((code) => code.slice(1, -1)))].sort());
  });

  test('has a row for every refusal of a name', () => {
    const codes = readFileSync(join(root, 'lib/domain/solver.ts'), 'utf8').match(/Refusal\('[A-Za-z0-9]+'/g) ?? [];
    expect(codes.length).toBe(2);
    for (const code of codes) expect(page).toContain(`| \`${code.slice(9, -1)}\` |`);
  });

  const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml]) => yaml as string);

  test('has an example of every kind of solver', () => {
    expect(examples.length).toBeGreaterThanOrEqual(5);
    for (const word of ['rfc2136:', 'route53:', 'webhook:', 'http01:', 'cnameStrategy:', 'nameservers:'])
      expect(examples.join('')).toContain(word);
  });

  test.each(examples.map((yaml, index) => [index + 1, yaml]))('example %i is taken as it stands', (_, yaml) => {
    const [issuer] = parseManifests(yaml as string);
    expect(issuer?.kind === 'Certificate' ? undefined : issuer?.spec.acme?.solvers).toHaveLength(1);
  });
});
