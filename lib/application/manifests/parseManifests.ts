import { fieldOf, parseField } from '../../domain/fieldPath.ts';
import { Findings, type InputError, InputInvalid } from '../../domain/inputInvalid.ts';
import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { CertificateSpec, IssuerSpec } from '../../domain/spec.ts';
import { parse } from '../schema/parse.ts';
import { readCertificate } from './certificate.ts';
import { readIssuer } from './issuer.ts';
import { type ResourceContext, resource } from './resource.ts';
import { readYaml, type YamlDocument } from './yaml.ts';

/** One resource of a file, ready to be put. `team` is `-` for a ClusterIssuer. `document` and `line` (from 1) say where it stood. */
export type Manifest = {
  readonly team: string;
  readonly name: string;
  readonly document: number;
  readonly line: number;
} & (
  | { readonly kind: 'Certificate'; readonly spec: CertificateSpec }
  | { readonly kind: 'Issuer' | 'ClusterIssuer'; readonly spec: IssuerSpec }
);

/** `source`: the file's name, for messages. `defaultTeam`: for resources without a namespace. */
export interface ManifestOptions {
  readonly source?: string;
  readonly defaultTeam?: string;
}

const SUPPORTED = 'Certificate, Issuer and ClusterIssuer of cert-manager.io/v1 or chancery.dev/v1';

/**
 * Reads the YAML that people have, in the order of the file. See docs/manifests.md for what is taken.
 * @returns all resources, or none
 * @throws InputInvalid with everything that is wrong in all documents, each with document and line
 */
export function parseManifests(text: string, options: ManifestOptions = {}): Manifest[] {
  const place = options.source === undefined ? {} : { source: options.source };
  const { documents, errors } = readDocuments(text, options);
  if (errors.length + documents.length === 0) errors.push({ code: 'NoResources', message: 'has no resource in it' });
  if (errors.length > 0) throw new InputInvalid(errors.sort(byPlace).map((error) => ({ ...place, ...error })));
  return documents;
}

const byPlace = (a: InputError, b: InputError): number =>
  (a.document ?? 0) - (b.document ?? 0) || (a.line ?? 0) - (b.line ?? 0);

function readDocuments(text: string, options: ManifestOptions): { documents: Manifest[]; errors: InputError[] } {
  const reading = new Findings();
  const { documents = [], errors = [] } = reading.attempt(() => readYaml(text)) ?? {};
  const all = [...reading.errors, ...errors];
  const manifests: Manifest[] = [];
  const seen = new Map<string, number>();
  for (const document of documents) {
    const findings = new Findings();
    for (const at of places(document.value)) {
      const read = findings.attempt(() => readResource(document, at, options));
      if (!read) continue;
      findings.attempt(() => claim(seen, read, at));
      manifests.push(read);
    }
    const lineOf = (error: InputError) => document.lineOf(parseField(error.field ?? ''));
    all.push(...findings.errors.map((error) => ({ ...error, document: document.number, line: lineOf(error) })));
  }
  return { documents: manifests, errors: all };
}

/** Where resources stand in a document: at its root, or at each item of a List. */
function places(value: unknown): string[] {
  const { kind, items } = (value ?? {}) as { kind?: unknown; items?: unknown };
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
  return isList ? items.map((_, index) => fieldOf('items', index)) : [''];
}

function readResource(document: YamlDocument, at: string, options: ManifestOptions): Manifest {
  const input = parseField(at).reduce(
    (value, step) => (value as Record<string | number, unknown>)[step],
    document.value,
  );
  const defaults = checkKind(input, at) === 'cert-manager.io' ? 'cert-manager' : 'chancery';
  const context: ResourceContext = { defaults, at, ...(options.defaultTeam && { defaultTeam: options.defaultTeam }) };
  const read = parse(resource, input, at);
  const where = { name: read.metadata.name, document: document.number, line: document.lineOf(parseField(at)) };
  if (read.kind === 'Certificate') return { kind: 'Certificate', ...where, ...readCertificate(read, context) };
  return { kind: read.kind as 'Issuer' | 'ClusterIssuer', ...where, ...readIssuer(read, context) };
}

/** @returns the API group. @throws Refusal for what is no resource, or none that is taken */
function checkKind(input: unknown, at: string): string {
  const { apiVersion, kind } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw new Refusal('NotAResource', 'is no resource: it has no apiVersion and kind', {
      field: at,
      remedy: `supported: ${SUPPORTED}`,
    });
  }
  const field = fieldOf(at, 'kind');
  if (kind === 'Secret' && apiVersion === 'v1') {
    throw new Refusal('SecretRefused', 'a Secret is not applied from a file', {
      field,
      remedy: 'store its values as a credential: chancery credential put',
    });
  }
  const [group = '', version] = apiVersion.split('/');
  const ours = ['cert-manager.io', 'chancery.dev'].includes(group);
  if (!ours || !['Certificate', 'Issuer', 'ClusterIssuer'].includes(kind)) {
    const remedy = `supported: ${SUPPORTED}`;
    throw new Refusal('UnsupportedKind', `${quoted(`${apiVersion} ${kind}`)} is not supported`, { field, remedy });
  }
  if (version === 'v1') return group;
  throw new Refusal('UnsupportedVersion', `${quoted(apiVersion)} is not a supported version`, {
    field: fieldOf(at, 'apiVersion'),
    remedy: `write ${group}/v1`,
  });
}

/** Two resources of one name in one file would overwrite each other. */
function claim(seen: Map<string, number>, { kind, team, name, line }: Manifest, at: string): void {
  const key = `${kind}/${team}/${name}`;
  const first = seen.get(key);
  if (first === undefined) {
    seen.set(key, line);
    return;
  }
  throw new Refusal('DuplicateResource', `${kind} ${name} stands in this file already, at line ${first}`, {
    field: fieldOf(at, 'metadata', 'name'),
    remedy: 'keep one of the two',
  });
}
