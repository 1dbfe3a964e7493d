import { z } from 'zod';

/** Members that are known and not taken, each with why or what to do in its place. */
type Unsupported = Readonly<Record<string, string>>;

const unsupportedMembers = z.registry<{ readonly members: Unsupported }>();

/**
 * An object that takes its own members and no other. `unsupported` names those that other tools' manifests may carry: they are refused by
 * name with that text, not as unknown ones.
 */
export function closed<S extends z.core.$ZodLooseShape>(shape: S, unsupported: Unsupported = {}) {
  const schema = z.strictObject(shape);
  unsupportedMembers.add(schema, { members: unsupported });
  return schema;
}

/** Members that a {@link closed} object refuses by name, each with why. */
export const unsupportedBy = (schema: z.core.$ZodType): Unsupported => unsupportedMembers.get(schema)?.members ?? {};

/** Why a member is not taken; undefined for one that nobody knows. */
export const whyUnsupported = (schema: z.core.$ZodType, member: string): string | undefined => {
  const members = unsupportedBy(schema);
  return Object.hasOwn(members, member) ? members[member] : undefined;
};

/** The object schema that stands at `path`, through optional members, lists and maps. */
export function objectAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodObject | undefined {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return objectAt(def.innerType, path);
    case 'array':
      return path.length > 0 ? objectAt(def.element, path.slice(1)) : undefined;
    case 'record':
      return path.length > 0 ? objectAt(def.valueType, path.slice(1)) : undefined;
    case 'object': {
      if (path.length === 0) return schema as z.core.$ZodObject;
      const member = def.shape[path[0] as string];
      return member && objectAt(member, path.slice(1));
    }
    default:
      return undefined;
  }
}

/** The known word that is nearest to what was written, when it is near enough to be a slip of the hand. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  if (written.length > 64) return undefined;
  const slips = Math.min(Math.max(2, Math.floor(written.length / 3)), written.length - 1);
  return known
    .map((word) => ({ word, distance: distance(written.toLowerCase(), word.toLowerCase()) }))
    .filter((candidate) => candidate.distance <= slips)
    .sort((a, b) => a.distance - b.distance)[0]?.word;
}

/** Levenshtein's distance: single characters to insert, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
