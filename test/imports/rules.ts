import type { IRegularForbiddenRuleType } from 'dependency-cruiser';

/** Modules of Node that open a socket or a database. */
const DOORS = '^(node:)?(http|https|http2|net|tls|dgram|sqlite)$';

type To = NonNullable<IRegularForbiddenRuleType['to']>;

const rule = (
  name: string,
  comment: string,
  from: IRegularForbiddenRuleType['from'],
  to: To,
): IRegularForbiddenRuleType => ({
  name,
  comment,
  severity: 'error',
  from,
  to,
});

/** Our own folders, of which a layer may import some. */
const OURS = '^(lib|functions|server|cli|bin|bench|test)/';

const layer = (name: string, path: string, ...allowed: readonly string[]): IRegularForbiddenRuleType =>
  rule(
    `layer-${name}`,
    `${name} imports only from: ${allowed.join(', ')}`,
    { path },
    { path: OURS, pathNot: [...allowed] },
  );

/** The direction of imports: domain <- ports <- application and adapters <- functions <- server <- cli and bin. Below them all stands async. */
export const rules: readonly IRegularForbiddenRuleType[] = [
  layer('async', '^lib/async/', '^lib/async/'),
  layer('domain', '^lib/domain/', '^lib/domain/'),
  layer('ports', '^lib/ports/', '^lib/(domain|ports)/'),
  layer('application', '^lib/application/', '^lib/(async|domain|ports|application)/'),
  layer('adapters', '^lib/adapters/', '^lib/(async|domain|ports|adapters)/'),
  // Tables and policies are plain data of the adapters that need them, and no second list of them is to be kept. What an operator
  // writes is read as all input is, and private addresses as the functions will read them.
  layer(
    'stacks',
    '^lib/stacks/',
    '^lib/stacks/',
    '^lib/adapters/(dynamodb/tables|net/allowList|policyStatement|[^/]+/policy)\\.ts$',
    '^lib/(domain/inputInvalid|application/schema/(closed|parse))\\.ts$',
  ),
  layer('functions', '^functions/', '^lib/(async|domain|ports|application|adapters)/', '^functions/'),
  rule(
    'composition',
    'the wiring for Lambda reads the environment: only the entry points there import it, and nothing imports them',
    { path: OURS, pathNot: '^(functions/(composition|lambda)|test)/' },
    { path: '^functions/(composition|lambda)/' },
  ),
  layer('server', '^server/', '^lib/(async|domain|ports|application|adapters)/', '^(functions|server)/'),
  rule(
    'layer-cli',
    'the command line talks to the HTTP API; it shares only the words and the reading of manifests',
    { path: '^cli/', pathNot: '^cli/(serve|rebuild|rotate)\\.ts$' },
    { path: OURS, pathNot: ['^cli/', '^lib/domain/', '^lib/application/(manifests|schema)/'] },
  ),
  rule(
    'layer-cli-host',
    'serve, rebuild and rotate start the embedded host and nothing below it',
    { path: '^cli/(serve|rebuild|rotate)\\.ts$' },
    { path: OURS, pathNot: ['^(cli|server)/', '^lib/domain/', '^lib/application/(manifests|schema)/'] },
  ),
  layer('bin', '^bin/', '^(bin|cli)/', '^lib/stacks/'),
  rule(
    'domain-is-pure',
    'the domain has no clock, no chance and no I/O, so it needs nothing of Node but the parsing of addresses',
    { path: '^lib/domain/' },
    { dependencyTypes: ['core'], pathNot: '^(node:)?url$' },
  ),
  rule(
    'domain-stands-alone',
    'the domain may use zod, tldts, tr46 and croner',
    { path: '^lib/domain/' },
    { path: 'node_modules', pathNot: 'node_modules/(zod|tldts|tldts-core|tr46|croner)/' },
  ),
  rule(
    'ports-are-types',
    'a port is a contract and needs no software',
    { path: '^lib/ports/' },
    { path: 'node_modules' },
  ),
  rule(
    'doors',
    'only adapters, the host and what tests them open a socket or a database; the command line speaks HTTP(S)',
    { path: '^(lib/(async|domain|ports|application|stacks)|functions|bin)/' },
    { path: DOORS },
  ),
  rule(
    'cli-doors',
    'the command line speaks HTTP(S) and opens nothing else',
    { path: '^cli/' },
    { path: '^(node:)?(http2|dgram|sqlite)$' },
  ),
  rule('no-cycle', 'a cycle has no first module to read', {}, { circular: true }),
  rule('resolvable', 'an import that does not resolve is a fault', {}, { couldNotResolve: true }),
  rule(
    'installed',
    'what the program imports is among its dependencies',
    // Stacks run where the program is deployed from.
    { path: '^(lib|functions|server|cli|bin)/', pathNot: ['^lib/stacks/', '^bin/app\\.ts$'] },
    { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
  ),
];
