/** A JSON schema, as far as a table shows it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

/** A row for every member, those of nested objects by their path. */
export function members(schema: Schema, at: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = at === '' ? name : `${at}.${name}`;
    const required = schema.required?.includes(name) ? ', required' : '';
    const nested = member.items ? members(member.items, `${path}[]`) : members(member, path);
    return [row(`\`${path}\``, `${typeOf(member)}${required}`, member.description ?? ''), ...nested];
  });
}

/** What a value is, in a few words. */
export function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(' ');
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (typeof schema.additionalProperties === 'object' && !schema.properties) return 'map';
  return schema.format ?? schema.type ?? 'any';
}

/** The lines of a table. */
export const table = (heads: readonly string[], rows: readonly string[]): string[] => [
  row(...heads),
  row(...heads.map(() => '---')),
  ...rows,
];

/** A line of a table: what would end a cell is escaped. */
export const row = (...cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
