import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openapi } from '../functions/api/openapi.ts';
import { ABSENT, STATUS } from '../functions/api/problem.ts';
import { routes } from '../functions/api/routes.ts';
import { members, row, type Schema, table, typeOf } from './schemaTable.ts';

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: Schema;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
  readonly 'x-chancery-verb'?: string;
  readonly 'x-chancery-team'?: string;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const INTRODUCTION = `# The HTTP API

<!-- Made from the table of routes by \`npm run docs:api\`; a test compares it. Do not edit. -->

The service describes itself at \`/openapi.json\` (OpenAPI 3.1). Bodies are JSON, at most 256 KiB. Every request but those marked *open* has a
bearer token: one of ours (\`chy_...\`), or a JWT of the issuer that an operator configured. A token acts for one team, or for every team (\`*\`),
with the verbs \`read\`, \`write\`, \`key\` (export of private keys, which nothing else includes) and \`admin\`.

- **Errors** are problem documents (RFC 9457): \`status\`, \`detail\`, a stable \`code\`, and where they help \`field\`, \`remedy\` and \`errors\`.
- **Versions**: the ETag of a resource is the version of its stream. \`If-Match\` changes only what was seen, \`If-None-Match: *\` only makes what
  is not there; otherwise the answer is 412.
- **Lists** come in pages. \`cursor\` in an answer is opaque; give it back to read on, until there is none.
- **Names**: \`-\` in a team's place is the owner of what is shared, for administrators.
- **Values that are null** count as absent. Unknown members and parameters are refused by name.
`;

/** The whole page. */
export function apiPage(): string {
  const document = openapi(routes, '') as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0]!))];
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags[0] === tag);
    return [`## ${tag[0]!.toUpperCase()}${tag.slice(1)}\n`, ...own.map(operationSection)].join('\n');
  });
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => schemaSection(name, schema));
  return [INTRODUCTION, problems(), ...sections, '## Bodies\n', ...schemas].join('\n');
}

function problems(): string {
  const absent = [...ABSENT].map((code): [string, number] => [code, 404]);
  const byStatus = Map.groupBy([...Object.entries(STATUS), ...absent], ([, status]) => status);
  const rows = [...byStatus].map(([status, codes]) => row(status, codes.map(([code]) => `\`${code}\``).join(', ')));
  const others = 'every other code: understood, and not taken; also what an input names (`field`) and is not there';
  const all = [...rows, row(422, others), row(500, '`InternalError`, with an id that the log knows')];
  return ['## Statuses of problems\n', ...table(['status', 'codes'], all), ''].join('\n');
}

function operationSection({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const { summary, description, parameters, requestBody, responses } = operation;
  const verb = operation['x-chancery-verb'];
  const whose = { path: 'the team', '*': 'every team', any: 'any team' }[operation['x-chancery-team'] ?? ''];
  const query = parameters.filter((parameter) => parameter.in === 'query');
  const conditional = parameters.some(({ name }) => name === 'If-Match') ? ' If-Match and If-None-Match count.' : '';
  const body =
    requestBody && `Body: ${reference(requestBody.content)}${requestBody.required ? '' : ', may be left out'}.`;
  return [
    `### ${method} ${path}\n`,
    `${summary}. ${verb ? `Verb \`${verb}\` for ${whose}.` : '*Open.*'}${conditional}\n`,
    ...(description ? [`${description}\n`] : []),
    ...(body ? [`${body}\n`] : []),
    ...(query.length > 0 ? [...table(['query', 'is', ''], query.map(parameterRow)), ''] : []),
    `Answers: ${Object.entries(responses)
      .filter(([status]) => status < '300')
      .map(answer)
      .join('; ')}.\n`,
  ].join('\n');
}

const answer = ([status, { description, content }]: [string, Operation['responses'][string]]): string =>
  `${status}${content ? ` ${reference(content)}` : ''} (${description.replace(/\.$/, '')})`;

function reference(content: Content): string {
  const [type, { schema }] = Object.entries(content)[0]!;
  const name = schema.$ref?.split('/').at(-1);
  return name ? `[${name}](#${name.toLowerCase()})` : `\`${type}\``;
}

const parameterRow = ({ name, schema, description }: Parameter): string =>
  row(`\`${name}\``, typeOf(schema), description ?? '');

function schemaSection(name: string, schema: Schema): string {
  const rows = members(schema, '');
  return [`### ${name}\n`, ...(rows.length > 0 ? table(['member', 'is', ''], rows) : []), ''].join('\n');
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('api.md', import.meta.url), apiPage());
}
