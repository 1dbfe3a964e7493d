import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseManifests } from '../../../lib/application/manifests/parseManifests.ts';
import { Refusal } from '../../../lib/domain/refusal.ts';
import { errorsOf } from '../schema/errorsOf.ts';

const shop = readFileSync(new URL('../../fixtures/manifests/shop.yaml', import.meta.url), 'utf8');

const certificate = (more: string, group = 'cert-manager.io') =>
  [
    `apiVersion: ${group}/v1`,
    'kind: Certificate',
    'metadata:',
    '  name: app',
    '  namespace: payments',
    more,
    'spec:',
    '  dnsNames: [app.example.test]',
    '  issuerRef: {name: ca}',
  ].join('\n');

/** Each error as `line: field code`. */
const placesOf = (text: string) =>
  errorsOf(() => parseManifests(text)).map(({ line, field, code }) => `${line}: ${field} ${code}`);

describe("a team's file, as it stands in its repository", () => {
  const manifests = parseManifests(shop);

  test('gives every resource with its owner, in its order, with its line', () => {
    expect(manifests.map(({ kind, team, name, document }) => [document, kind, team, name])).toEqual([
      [1, 'ClusterIssuer', '-', 'public-ca'],
      [2, 'Issuer', 'payments', 'bootstrap'],
      [3, 'Certificate', 'payments', 'payments-root'],
      [4, 'Issuer', 'payments', 'payments-ca'],
      [5, 'Certificate', 'payments', 'storefront'],
      [6, 'Certificate', 'payments', 'ledger'],
    ]);
    const lines = shop.split('\n');
    for (const { line } of manifests) expect(lines[line - 1]).toMatch(/^apiVersion:/);
  });

  test("takes cert-manager's defaults for its kind, and ours for our own", () => {
    const kinds = manifests.flatMap((m) =>
      m.kind === 'Certificate' ? [`${m.name} ${m.spec.privateKey.algorithm}`] : [],
    );
    expect(kinds).toEqual(['payments-root ECDSA', 'storefront RSA', 'ledger ECDSA']);
  });

  test('says where copies go, by annotation or in the spec', () => {
    const destinations = manifests.flatMap((m) => (m.kind === 'Certificate' ? m.spec.destinations : []));
    expect(destinations).toEqual([
      { kind: 'kubernetes', cluster: 'eu-west', namespace: 'payments', secretName: 'storefront-tls' },
      { kind: 'kubernetes', cluster: 'us-east', namespace: 'payments', secretName: 'storefront-us', adopt: true },
      { kind: 'kubernetes', cluster: 'eu-west', namespace: 'payments', secretName: 'ledger' },
      { kind: 'directory', path: '/etc/nginx/tls/ledger' },
    ]);
  });
});

test('JSON is read as well, and a List is its items', () => {
  const items = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: parseObjects(shop) });
  expect(parseManifests(items).map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    parseManifests(shop).map(({ kind, name }) => `${kind} ${name}`),
  );
  const item = `apiVersion: v1\nkind: CertificateList\nitems:\n- ${certificate('  labels: {}').replaceAll('\n', '\n  ')}`;
  expect(parseManifests(item)).toMatchObject([{ name: 'app', line: 4, document: 1 }]);
});

test('anchors and merged maps are read as written out', () => {
  const spec = '  issuerRef: &ref {name: ca}\n  secretTemplate: {labels: &l {a: b}, annotations: {<<: *l, c: d}}';
  const text = certificate('').replace('  issuerRef: {name: ca}', spec);
  expect(parseManifests(text)[0]?.spec).toMatchObject({ secretTemplate: { annotations: { a: 'b', c: 'd' } } });
});

test('the team is the namespace, or the one that the caller named', () => {
  const text = certificate('').replace('  namespace: payments\n', '');
  expect(placesOf(text)).toEqual(['3: metadata.namespace NamespaceMissing']);
  expect(parseManifests(text, { defaultTeam: 'web' })[0]?.team).toBe('web');
  expect(parseManifests(certificate(''), { defaultTeam: 'web' })[0]?.team).toBe('payments');
});

const wrongSecrets = [
  'a b',
  'a?region',
  'a?region=',
  'a?',
  'a?b=c',
  'a?region=x?y',
  'a?region=here',
  'a?roleArn=me',
].map((text) => `secretsManager:${text}`);

describe('the annotation chancery.dev/destinations', () => {
  const destinationsOf = (text: string) => {
    const [read] = parseManifests(certificate(`  annotations: {chancery.dev/destinations: ${JSON.stringify(text)}}`));
    return read?.kind === 'Certificate' ? read.spec.destinations : undefined;
  };
  const roleArn = 'arn:aws:iam::111122223333:role/chancery';
  const secret = { kind: 'kubernetes', cluster: 'eu', namespace: 'payments', secretName: 'app' };

  test.each([
    ['', []],
    ['eu', [secret]],
    [' eu/payments , eu/web/tls,', [secret, { ...secret, namespace: 'web', secretName: 'tls' }]],
    ['eu?adopt=true', [{ ...secret, adopt: true }]],
    ['directory:/etc/tls', [{ kind: 'directory', path: '/etc/tls' }]],
    ['secretsManager:', [{ kind: 'secretsManager', name: 'chancery/payments/app-{uid}' }]],
    ['secretsManager:prod/app,eu', [{ kind: 'secretsManager', name: 'prod/app' }, secret]],
    [
      `secretsManager:prod/app?region=eu-west-1&roleArn=${roleArn}`,
      [{ kind: 'secretsManager', name: 'prod/app', region: 'eu-west-1', roleArn }],
    ],
    [
      'secretsManager:?region=eu-west-1',
      [{ kind: 'secretsManager', name: 'chancery/payments/app-{uid}', region: 'eu-west-1' }],
    ],
  ])('%j', (text, destinations) => {
    expect(destinationsOf(text)).toEqual(destinations);
  });

  test.each(['eu/', '/eu', 'eu/a/b/c', 'eu?adopt', 'directory:etc', 'eu web', 'dir:/etc', 'EU', ...wrongSecrets])(
    '%j is refused at its line',
    (text) => {
      const [error] = errorsOf(() => destinationsOf(text));
      expect(error).toMatchObject({ document: 1, line: expect.any(Number) });
      expect(error?.code).toMatch(/^Invalid(Destination|Directory|Value|SecretName|Region|RoleArn)$/);
    },
  );

  test('is refused beside spec.destinations, and when misspelt', () => {
    const both = certificate('  annotations:\n    chancery.dev/destinations: eu', 'chancery.dev');
    expect(placesOf(`${both}\n  destinations: []`)).toEqual([
      '7: metadata.annotations["chancery.dev/destinations"] DestinationsTwice',
    ]);
    expect(errorsOf(() => parseManifests(both.replace('destinations', 'destination')))).toMatchObject([
      {
        line: 7,
        code: 'UnknownAnnotation',
        message: expect.stringContaining('did you mean "chancery.dev/destinations"?'),
      },
    ]);
  });
});

describe('what cannot be taken is refused at its line:', () => {
  test.each<[string, string, string[]]>([
    ['broken YAML', 'a: [\nb: c', ['2: undefined YamlSyntax']],
    ['a tab as indentation', 'a:\n\tb: c', ['2: undefined YamlSyntax']],
    ['one key twice', 'a: b\na: c', ['2: undefined YamlSyntax']],
    ['an alias to nothing', 'a: *b', ['1: undefined YamlAliases']],
    ['a text', 'hello', ['1:  NotAResource']],
    ['a resource without a kind', 'apiVersion: v1', ['1:  NotAResource']],
    ['a Secret', '\napiVersion: v1\nkind: Secret', ['3: kind SecretRefused']],
    ['another kind', 'apiVersion: v1\nkind: ConfigMap', ['2: kind UnsupportedKind']],
    ['a kind of another group', 'apiVersion: x.io/v1\nkind: Certificate', ['2: kind UnsupportedKind']],
    [
      'a request of cert-manager',
      'apiVersion: cert-manager.io/v1\nkind: CertificateRequest',
      ['2: kind UnsupportedKind'],
    ],
    ['an old version', 'apiVersion: cert-manager.io/v1alpha2\nkind: Issuer', ['1: apiVersion UnsupportedVersion']],
    ['a List without items', 'apiVersion: v1\nkind: List', ['2: kind UnsupportedKind']],
    [
      'an item that is nothing',
      'kind: List\nitems:\n- a\n-\n',
      ['3: items[0] NotAResource', '4: items[1] NotAResource'],
    ],
    [
      'a resource without name and spec',
      'apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {}\nsepc: {}',
      ['1: spec MissingField', '3: metadata.name MissingField', '4: sepc UnknownField'],
    ],
    ['no text', '', ['undefined: undefined NoResources']],
    ['remarks only', '# nothing\n---\n---\n', ['undefined: undefined NoResources']],
    ['lists in lists without end', '['.repeat(5_000), ['1: undefined YamlTooDeep']],
    ['maps in maps without end', '{a: '.repeat(5_000), ['1: undefined YamlTooDeep']],
    ['a bomb of aliases', bomb(12), ['1: undefined YamlAliases']],
    ['an alias that holds itself', `${certificate('')}\n  subject: &a {b: *a}`, ['1: undefined YamlTooDeep']],
    ['more text than anyone writes', `# ${'x'.repeat(5_000_000)}`, ['undefined: undefined ManifestTooLarge']],
  ])('%s', (_, text, places) => {
    expect(placesOf(text)).toEqual(places);
  });

  test('a Secret, with the command to use', () => {
    expect(errorsOf(() => parseManifests('apiVersion: v1\nkind: Secret'))[0]?.remedy).toContain('chancery credential');
  });

  test('one name twice', () => {
    const again = `${certificate('')}\n---\n${certificate('')}`;
    expect(errorsOf(() => parseManifests(again))).toMatchObject([
      { document: 2, line: 14, code: 'DuplicateResource', message: expect.stringContaining('line 1') },
    ]);
  });
});

test('all that is wrong in all documents is told together, each with file, document and line', () => {
  const text = [
    certificate(''),
    'apiVersion: v1\nkind: Secret\nmetadata: {name: x}',
    certificate('').replace('dnsNames', 'dnsName'),
    'a: [',
    certificate('').replace('[app.example.test]', '\n  - app.example.test\n  - my_app.example.test'),
  ].join('\n---\n');
  expect(errorsOf(() => parseManifests(text, { source: 'app.yaml' }))).toMatchObject([
    { source: 'app.yaml', document: 2, line: 12, field: 'kind' },
    { source: 'app.yaml', document: 3, line: 22, field: 'spec.dnsName' },
    { source: 'app.yaml', document: 4, line: 26, code: 'YamlSyntax' },
    { source: 'app.yaml', document: 5, line: 36, field: 'spec.dnsNames[1]' },
  ]);
});

describe('for any text', () => {
  test('the answer is resources or a Refusal with lines', () => {
    const words = fc.constantFrom(
      ...shop.split(/(?<=[\s:])/),
      '&a ',
      '*a',
      '!!set ',
      '? ',
      '|',
      '>-\n',
      '{',
      '}',
      '"',
      "'",
      '\t',
      '%YAML 9\n',
    );
    const cut = fc.tuple(fc.nat({ max: shop.length }), fc.nat({ max: 40 }), fc.string()).map(([at, length, text]) => {
      return shop.slice(0, at) + text + shop.slice(at + length);
    });
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(words, { maxLength: 60 }).map((all) => all.join('')),
      cut,
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(parseManifests(text).length).toBeGreaterThan(0);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      }),
      { numRuns: 150 },
    );
  });
});

function bomb(levels: number): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < levels; i++) lines.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(8)}x]`);
  return lines.join('\n');
}

/** The objects of the file, to be written as JSON. */
function parseObjects(text: string): unknown[] {
  return parseManifests(text).map(({ kind, name, team, spec }) => ({
    apiVersion: 'chancery.dev/v1',
    kind,
    metadata: { name, ...(team !== '-' && { namespace: team }) },
    spec,
  }));
}
