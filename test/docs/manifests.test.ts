import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseManifests } from '../../lib/application/manifests/parseManifests.ts';
import { certificateSpec } from '../../lib/application/schema/certificate.ts';
import { issuerSpec } from '../../lib/application/schema/issuer.ts';
import { repository } from '../support/peers/paths.ts';
import { fieldTable } from './fieldTable.ts';
import { sourceOf } from './sources.ts';

const path = join(repository, 'docs/manifests.md');
const page = readFileSync(path, 'utf8');

/** The page with its generated parts as the schemas make them. */
const withTables = Object.entries({ certificate: certificateSpec, issuer: issuerSpec }).reduce(
  (text, [name, schema]) =>
    text.replace(
      new RegExp(`(<!-- fields of ${name} -->\n)[\\s\\S]*?(<!-- end -->)`),
      (_, begin: string, end: string) => `${begin}${fieldTable(schema)}\n${end}`,
    ),
  page,
);

/** Words that look like codes and are none. */
const NO_CODES = new Set(['Certificate', 'ClusterIssuer', 'RenewBefore', 'CertificateList']);

const codesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, code]) => code as string))]
    .filter((code) => !NO_CODES.has(code))
    .sort();

describe('docs/manifests.md', () => {
  test('has the fields that the schemas have (write them anew: vitest run test/docs/manifests.test.ts -u)', async () => {
    expect(withTables).toContain('`dnsNames[]`');
    expect(withTables).toContain('`acme.solvers[].dns01.cloudflare`');
    await expect(withTables).toMatchFileSnapshot(path);
  });

  test('shows YAML that is taken', () => {
    const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block]) => block as string);
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) expect(parseManifests(block).length).toBeGreaterThan(0);
  });

  test('explains every code that an input can give, and no other', () => {
    const source = sourceOf(
      'lib/application/manifests',
      'lib/application/schema',
      ...['names', 'ip', 'namePolicy', 'policy', 'inputInvalid', 'failover'].map((name) => `lib/domain/${name}.ts`),
    );
    const given = codesIn(source, /'([A-Z][a-z]+[A-Z][A-Za-z]+)'/g);
    expect(given.length).toBeGreaterThan(60);
    expect(codesIn(page, /^\| `([A-Z][A-Za-z]+)` \|/gm)).toEqual(given);
  });
});
