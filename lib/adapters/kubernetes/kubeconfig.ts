import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { Refusal } from '../../domain/refusal.ts';
import type { ClusterAccess } from '../../ports/clusters.ts';
import { record } from './status.ts';

/** A kubeconfig with a few clusters is some 20 KB; more than this is something else. */
const MAX_BYTES = 256 * 1024;

/** What would make us run a program, read a file, trust anybody or take a detour. Refused by name, whatever its value. */
const NOT_INLINE = {
  cluster: ['certificate-authority', 'insecure-skip-tls-verify', 'proxy-url'],
  user: ['exec', 'auth-provider', 'client-certificate', 'client-key', 'tokenFile'],
} as const;

/** What would change whom we talk to or who we are, and that we do not speak. Better refused than ignored. */
const NOT_SUPPORTED = {
  cluster: ['tls-server-name'],
  user: ['username', 'password', 'as', 'as-uid', 'as-groups', 'as-user-extra'],
} as const;

/**
 * The access that a kubeconfig's current context names. Everything must be in the file itself: `certificate-authority-data` and a `token`, or
 * `client-certificate-data` with `client-key-data`. No value of the file ever appears in a message.
 * @throws Refusal `KubeconfigNotInline` with the field; `KubeconfigInvalid` with field and line
 */
export function parseKubeconfig(yaml: string): ClusterAccess {
  const file = parse(yaml);
  const context = file.entry('contexts', 'context', file.text(['current-context']));
  const cluster = file.entry('clusters', 'cluster', file.text([...context, 'cluster']));
  const user = file.entry('users', 'user', file.text([...context, 'user']));
  refuseFields(file, cluster, 'cluster');
  refuseFields(file, user, 'user');
  return { server: serverOf(file, cluster), ca: caOf(file, cluster), ...credentialOf(file, user) };
}

type Path = readonly (string | number)[];

/** A parsed kubeconfig, looked into by path, with refusals that say where. */
interface File {
  has(path: Path): boolean;
  /** The non-empty text at a path. */
  text(path: Path): string;
  /** Path of the member `inner` of the entry of this name in a list. */
  entry(list: string, inner: string, name: string): Path;
  invalid(path: Path, what: string): Refusal;
}

function parse(yaml: string): File {
  if (Buffer.byteLength(yaml) > MAX_BYTES)
    throw new Refusal('KubeconfigInvalid', `The kubeconfig is larger than ${MAX_BYTES / 1024} KiB.`);
  const lines = new LineCounter();
  const document = documentOf(yaml, lines);
  const error = document.errors[0];
  if (error) {
    const { line } = lines.linePos(error.pos[0]);
    throw new Refusal('KubeconfigInvalid', `The kubeconfig is not YAML (${error.code}) in line ${line}.`);
  }
  return fileOf(document, lines);
}

function documentOf(yaml: string, lineCounter: LineCounter): Document.Parsed {
  try {
    // Errors without excerpts of the source: it holds keys.
    return parseDocument(yaml, { lineCounter, prettyErrors: false, stringKeys: true, logLevel: 'silent' });
  } catch {
    throw new Refusal('KubeconfigInvalid', 'The kubeconfig is nested too deeply.');
  }
}

function plainOf(document: Document): unknown {
  try {
    // A kubeconfig needs no aliases; the limit stops those that unfold to gigabytes.
    return document.toJS({ maxAliasCount: 10 });
  } catch {
    throw new Refusal('KubeconfigInvalid', 'The kubeconfig has YAML aliases that do not resolve, or too many of them.');
  }
}

function fileOf(document: Document, lines: LineCounter): File {
  const root = plainOf(document);
  const at = (path: Path): unknown =>
    path.reduce<unknown>((value, key) => {
      const holder = Array.isArray(value) ? (value as unknown as Record<string, unknown>) : record(value);
      return Object.hasOwn(holder, key) ? holder[key] : undefined;
    }, root);
  const invalid = (path: Path, what: string): Refusal => {
    const line = lineOf(document, lines, path);
    return new Refusal('KubeconfigInvalid', `${dotted(path)} ${what}${line ? ` (line ${line})` : ''}.`, {
      field: dotted(path),
    });
  };
  return {
    invalid,
    // `insecure-skip-tls-verify: false` says nothing.
    has: (path) => at(path) !== undefined && at(path) !== null && at(path) !== false,
    text(path) {
      const value = at(path);
      if (typeof value === 'string' && value !== '') return value;
      throw invalid(path, value === undefined || value === null || value === '' ? 'is missing' : 'is not a text');
    },
    entry(list, inner, name) {
      const entries = at([list]);
      const index = Array.isArray(entries) ? entries.findIndex((entry) => record(entry).name === name) : -1;
      if (index < 0) throw invalid([list], 'has no entry of the name that the current context asks for');
      return [list, index, inner];
    },
  };
}

/** Line of the nearest thing on the path that is in the file. */
function lineOf(document: Document, lines: LineCounter, path: Path): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

const dotted = (path: Path): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${part}`)).join('');

function refuseFields(file: File, path: Path, of: 'cluster' | 'user'): void {
  for (const name of NOT_INLINE[of]) {
    const field = [...path, name];
    if (!file.has(field)) continue;
    throw new Refusal('KubeconfigNotInline', `${dotted(field)} is not accepted: only data in the file itself is.`, {
      field: dotted(field),
      remedy: 'Use certificate-authority-data with a token, or with client-certificate-data and client-key-data.',
    });
  }
  for (const name of NOT_SUPPORTED[of])
    if (file.has([...path, name])) throw file.invalid([...path, name], 'is not supported');
}

function serverOf(file: File, cluster: Path): string {
  const field = [...cluster, 'server'];
  const url = URL.parse(file.text(field));
  if (url?.protocol !== 'https:') throw file.invalid(field, 'is not an https URL');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw file.invalid(field, 'has more than host, port and path');
  return url.href.replace(/\/+$/, '');
}

function caOf(file: File, cluster: Path): string {
  const field = [...cluster, 'certificate-authority-data'];
  const pem = decoded(file, field);
  certificateOf(file, field, pem);
  return pem;
}

function credentialOf(file: File, user: Path): Pick<ClusterAccess, 'token' | 'clientCertificate' | 'clientKey'> {
  const certificateField = [...user, 'client-certificate-data'];
  const keyField = [...user, 'client-key-data'];
  const token = file.has([...user, 'token']) ? { token: tokenOf(file, [...user, 'token']) } : {};
  if (!file.has(certificateField) && !file.has(keyField)) {
    if (token.token !== undefined) return token;
    throw file.invalid(user, 'has neither a token nor client-certificate-data and client-key-data');
  }
  const clientCertificate = decoded(file, certificateField);
  const clientKey = decoded(file, keyField);
  if (!certificateOf(file, certificateField, clientCertificate).checkPrivateKey(keyOf(file, keyField, clientKey)))
    throw file.invalid(keyField, 'is not the key of client-certificate-data');
  return { ...token, clientCertificate, clientKey };
}

/** A token goes into a header: visible characters only. */
function tokenOf(file: File, field: Path): string {
  const token = file.text(field).trim();
  if (!/^[\x21-\x7e]+$/.test(token)) throw file.invalid(field, 'is not a bearer token');
  return token;
}

function decoded(file: File, field: Path): string {
  const text = file.text(field).replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw file.invalid(field, 'is not base64');
  return Buffer.from(text, 'base64').toString('utf8');
}

function certificateOf(file: File, field: Path, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw file.invalid(field, 'is not a PEM certificate');
  }
}

function keyOf(file: File, field: Path, pem: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch {
    throw file.invalid(field, 'is not an unencrypted PEM private key');
  }
}
