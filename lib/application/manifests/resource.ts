import { z } from 'zod';
import { fieldOf } from '../../domain/fieldPath.ts';
import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import { closed, nearest } from '../schema/closed.ts';
import { type Defaults, labelName, subdomainName } from '../schema/common.ts';
import { DESTINATIONS_ANNOTATION } from './destinationsAnnotation.ts';

/** A Kubernetes object as users write it. Of the metadata, what servers write (uid, managedFields...) is not looked at; nor is status. */
export const resource = closed({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({
    name: subdomainName,
    namespace: labelName.optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.looseObject({}),
  status: z.unknown().optional(),
});

export type Resource = z.output<typeof resource>;

/** What reading a resource needs beside it. `at`: its place in the document; empty but for items of a List. */
export interface ResourceContext {
  readonly defaults: Defaults;
  readonly defaultTeam?: string;
  readonly at: string;
}

/**
 * The team that a namespaced resource belongs to: its namespace.
 * @throws Refusal `NamespaceMissing`
 */
export function teamOf({ metadata }: Resource, { defaultTeam, at }: ResourceContext): string {
  const team = metadata.namespace ?? defaultTeam;
  if (team !== undefined) return team;
  throw new Refusal('NamespaceMissing', 'is required: it is the team that the resource belongs to', {
    field: fieldOf(at, 'metadata', 'namespace'),
    remedy: 'add metadata.namespace, or say which team',
  });
}

/** Refuses annotations under our own prefix that mean nothing: a slip there would lose a destination in silence. */
export function checkAnnotations({ metadata }: Resource, known: readonly string[], at: string): void {
  for (const key of Object.keys(metadata.annotations ?? {})) {
    if (!key.startsWith('chancery.dev/') || known.includes(key)) continue;
    const meant = nearest(key, known);
    const more = meant ? `: did you mean "${meant}"?` : '';
    throw new Refusal('UnknownAnnotation', `unknown annotation ${quoted(key)}${more}`, {
      field: fieldOf(at, 'metadata', 'annotations', key),
      remedy: known.length > 0 ? `known: ${DESTINATIONS_ANNOTATION}` : 'remove it',
    });
  }
}
