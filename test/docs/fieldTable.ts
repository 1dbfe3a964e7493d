import { z } from 'zod';
import { objectAt, unsupportedBy } from '../../lib/application/schema/closed.ts';

interface Json {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly items?: Json;
  readonly additionalProperties?: Json | boolean;
}

/** A table of every field of a schema, and below it the fields that are refused by name. */
export function fieldTable(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { io: 'input' }) as Json;
  const rows = membersOf(json, []).map(({ name, type, text }) => `| \`${name}\` | ${type} | ${text} |`);
  const refused = refusedBy(schema, json, []).map(([name, why]) => `| \`${name}\` | ${why} |`);
  return ['| field | is | |', '|---|---|---|', ...rows, '', '| not supported | do |', '|---|---|', ...refused].join(
    '\n',
  );
}

interface Row {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

function membersOf(json: Json, path: readonly string[]): Row[] {
  return Object.entries(json.properties ?? {}).flatMap(([name, member]) => {
    const list = member.type === 'array';
    const here = [...path, list ? `${name}[]` : name];
    const inner = list ? (member.items ?? {}) : member;
    const must = json.required?.includes(name) ? '**Required.** ' : '';
    const values = inner.enum && inner.enum.length <= 8 ? ` (${inner.enum.join(', ')})` : '';
    const row = {
      name: here.join('.'),
      type: typeOf(member) + values,
      text: (must + (member.description ?? '')).trim(),
    };
    return [row, ...membersOf(inner, here)];
  });
}

function typeOf(json: Json): string {
  if (json.type === 'array') return `list of ${typeOf(json.items ?? {})}s`;
  if (json.type === 'string') return 'text';
  if (json.type === 'object' && !json.properties) return 'map';
  return json.type ?? (json.enum ? 'text' : typeof json.const);
}

/** Walks as the members do; the schema says what the JSON cannot. */
function refusedBy(schema: z.ZodType, json: Json, path: readonly (string | number)[]): [string, string][] {
  const object = objectAt(schema, path);
  const prefix = path.map((step) => (step === 0 ? '[]' : `.${step}`)).join('');
  const here = Object.entries(object ? unsupportedBy(object) : {}).map(([name, why]): [string, string] => {
    return [`${prefix}.${name}`.slice(1), why];
  });
  const below = Object.entries(json.properties ?? {}).flatMap(([name, member]) =>
    member.type === 'array'
      ? refusedBy(schema, member.items ?? {}, [...path, name, 0])
      : refusedBy(schema, member, [...path, name]),
  );
  return [...here, ...below];
}
