import type { z } from 'zod';
import { fieldOf } from '../../domain/fieldPath.ts';
import { type InputError, InputInvalid } from '../../domain/inputInvalid.ts';
import { quoted } from '../../domain/quoted.ts';
import { nearest, objectAt, whyUnsupported } from './closed.ts';

/** No resource is as deep as this; deeper input would only exhaust the stack. */
const DEEPEST = 64;

type Result<T> = { readonly value: T; readonly errors: readonly [] } | { readonly errors: readonly InputError[] };

/**
 * Reads foreign input by a schema.
 * @param at the input's own place in what the user wrote, in front of every field that an error names
 * @throws InputInvalid with everything that is wrong
 */
export function parse<S extends z.ZodType>(schema: S, input: unknown, at = ''): z.output<S> {
  const result = check(schema, input, at);
  if ('value' in result) return result.value;
  throw new InputInvalid(result.errors);
}

/** As {@link parse}, with the errors as a value. A member that is null counts as absent, as in Kubernetes. */
export function check<S extends z.ZodType>(schema: S, input: unknown, at = ''): Result<z.output<S>> {
  if (isDeeper(input, DEEPEST)) {
    return { errors: [{ field: at, code: 'TooDeep', message: `is nested deeper than ${DEEPEST} levels` }] };
  }
  const result = schema.safeParse(withoutNulls(input), { reportInput: true });
  if (result.success) return { value: result.data, errors: [] };
  return { errors: result.error.issues.flatMap((issue) => inputErrorsOf(schema, issue, at)) };
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]));
}

/** zod's issue in our words. Values are not repeated, except short ones that a list of allowed ones answers. */
function inputErrorsOf(schema: z.core.$ZodType, issue: z.core.$ZodIssue, at: string): InputError[] {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const field = fieldOf(at, ...path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownMember(schema, path, key, at));
  const params = issue.code === 'custom' ? (issue.params as { code?: string; remedy?: string } | undefined) : undefined;
  const error = { field, ...describe(issue), ...(params?.code && { code: params.code }) };
  return [params?.remedy ? { ...error, remedy: params.remedy } : error];
}

function unknownMember(schema: z.core.$ZodType, path: FieldSteps, key: string, at: string): InputError {
  const object = objectAt(schema, path);
  const field = fieldOf(at, ...path, key);
  const why = object && whyUnsupported(object, key);
  if (why) return { field, code: 'UnsupportedField', message: `${quoted(key)} is not supported`, remedy: why };
  const known = object ? Object.keys(object._zod.def.shape) : [];
  const meant = nearest(key, known);
  return {
    field,
    code: 'UnknownField',
    message: meant ? `unknown field ${quoted(key)}: did you mean "${meant}"?` : `unknown field ${quoted(key)}`,
    remedy: meant ? `write ${meant}` : `known fields here: ${known.join(', ')}`,
  };
}

type FieldSteps = readonly (string | number)[];

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function describe(issue: z.core.$ZodIssue): { code: string; message: string; remedy?: string } {
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = KINDS[issue.expected] ?? issue.expected;
      if (issue.input === undefined) return { code: 'MissingField', message: `is required: ${wanted}` };
      const scalar = ['number', 'boolean', 'bigint'].includes(typeof issue.input);
      const remedy = issue.expected === 'string' && scalar ? { remedy: 'put the value in quotes' } : {};
      return { code: 'WrongType', message: `must be ${wanted}`, ...remedy };
    }
    case 'invalid_value':
      return issue.input === undefined
        ? { code: 'MissingField', message: `is required: one of ${listed(issue.values)}` }
        : { code: 'InvalidValue', message: `must be one of ${listed(issue.values)}`, ...nearestValue(issue) };
    case 'too_small':
      return { code: 'InvalidValue', message: bound(issue.origin, 'least', issue.minimum) };
    case 'too_big':
      return { code: 'InvalidValue', message: bound(issue.origin, 'most', issue.maximum) };
    case 'invalid_key':
      return { code: 'InvalidValue', message: issue.issues[0]?.message ?? 'is no valid key' };
    default:
      return { code: 'InvalidValue', message: issue.message };
  }
}

const listed = (values: readonly unknown[]): string => values.join(', ');

function bound(origin: string, which: 'least' | 'most', value: number | bigint): string {
  if (origin === 'string') return `must have at ${which} ${value} characters`;
  if (origin === 'array') return which === 'least' ? 'must not be empty' : `must have at most ${value} entries`;
  return `must be at ${which} ${value}`;
}

function nearestValue(issue: z.core.$ZodIssueInvalidValue): { remedy?: string } {
  const meant = typeof issue.input === 'string' ? nearest(issue.input, issue.values.map(String)) : undefined;
  return meant ? { remedy: `write ${meant}` } : {};
}
