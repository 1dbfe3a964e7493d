import { z } from 'zod';
import { openapi } from '../../functions/api/openapi.ts';
import type { ApiResponse } from '../../functions/api/request.ts';
import { routes } from '../../functions/api/routes.ts';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}
interface Schema {
  readonly $ref?: string;
}

const document = openapi(routes, '0') as unknown as Document;
const patterns = Object.entries(document.paths).map(([path, operations]) => ({
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  operations,
}));
const validators = new Map<string, z.ZodType>();

function validatorOf(ref: string): z.ZodType {
  const name = ref.replace('#/components/schemas/', '');
  let found = validators.get(name);
  if (!found) {
    found = z.fromJSONSchema(document.components.schemas[name] as z.core.JSONSchema.JSONSchema);
    validators.set(name, found);
  }
  return found;
}

/** What of an answer the OpenAPI document does not allow; empty when it allows all of it. Requests for no route are not judged. */
export function contractFaults(method: string, path: string, answer: ApiResponse): string[] {
  const found = patterns.find(({ pattern }) => pattern.test(path));
  const operation = found?.operations[method.toLowerCase()];
  if (!operation) return [];
  const where = `${operation.operationId} ${answer.status}`;
  const told = operation.responses[answer.status];
  if (!told) return [`${where}: the document does not name this status`];
  const [type = ''] = (answer.headers['content-type'] ?? '').split(';');
  if (!told.content) return answer.body && type !== 'application/json' ? [`${where}: there is a body`] : [];
  const content = told.content[type];
  if (!content) return [`${where}: the document does not name the content type ${type}`];
  if (!content.schema.$ref) return [];
  const result = validatorOf(content.schema.$ref).safeParse(JSON.parse(answer.body));
  return result.success ? [] : [`${where}: ${z.prettifyError(result.error)}`];
}
