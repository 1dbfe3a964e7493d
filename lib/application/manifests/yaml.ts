import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type YAMLParseError,
} from 'yaml';
import type { FieldPath } from '../../domain/fieldPath.ts';
import { type InputError, InputInvalid } from '../../domain/inputInvalid.ts';

/** One document of a file: its number from 1, its value as JSON, and where its fields stand. */
export interface YamlDocument {
  readonly number: number;
  readonly value: unknown;
  /** The line, from 1, of the field or of the nearest one around it. */
  lineOf(path: FieldPath): number;
}

/** Characters. A thousand certificates are about half a megabyte. */
const LARGEST = 4 * 1024 * 1024;
const MOST_DOCUMENTS = 10_000;
/** Values of one document with its aliases written out. */
const MOST_VALUES = 1_000_000;
const TOO_DEEP: InputError = {
  code: 'YamlTooDeep',
  message: 'is nested too deeply',
  remedy: 'no resource is nested so',
};

/**
 * Reads YAML 1.2 (and so JSON) with any number of documents; empty ones are left out.
 * @returns the documents that can be read, and what is wrong with the others
 * @throws InputInvalid for text that is not worth reading at all
 */
export function readYaml(text: string): { documents: YamlDocument[]; errors: InputError[] } {
  if (text.length > LARGEST) refuse('ManifestTooLarge', `has more than ${LARGEST} characters`, 'split it');
  const lines = new LineCounter();
  const parsed = parseDocuments(text, lines);
  if (parsed.length > MOST_DOCUMENTS)
    refuse('ManifestTooLarge', `has more than ${MOST_DOCUMENTS} documents`, 'split it');
  const documents: YamlDocument[] = [];
  const errors: InputError[] = [];
  parsed.forEach((document, index) => {
    const number = index + 1;
    const lineAt = (offset: number): number => lines.linePos(offset).line;
    // What follows the first error of a document is mostly its echo.
    const [broken] = document.errors;
    if (broken) errors.push({ ...syntaxError(broken), document: number, line: lineAt(broken.pos[0]) });
    if (broken || document.contents === null) return;
    const value = toJson(document);
    const line = lineAt(document.contents.range?.[0] ?? 0);
    if ('error' in value) errors.push({ ...value.error, document: number, line });
    else if (value.json !== null) documents.push({ number, value: value.json, lineOf: lineFinder(document, lineAt) });
  });
  return { documents, errors };
}

const syntaxError = ({ code, message }: YAMLParseError): InputError =>
  code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : { code: 'YamlSyntax', message };

function refuse(code: string, message: string, remedy: string): never {
  throw new InputInvalid([{ code, message, remedy }]);
}

function parseDocuments(text: string, lineCounter: LineCounter): Document.Parsed[] {
  try {
    const options = { lineCounter, prettyErrors: false, stringKeys: true, merge: true, logLevel: 'silent' } as const;
    const documents = parseAllDocuments(text, options);
    return 'empty' in documents ? [] : documents;
  } catch (error) {
    // The composer recurses with the nesting of the text; nothing else makes it throw.
    if (error instanceof RangeError) throw new InputInvalid([TOO_DEEP]);
    throw error;
  }
}

type Json = { readonly json: unknown } | { readonly error: InputError };

const ALIASES: InputError = {
  code: 'YamlAliases',
  message: 'has aliases that cannot be resolved, or that stand for too much',
  remedy: 'write it out without anchors and aliases',
};

/** Aliases may repeat what they stand for a hundred times; more is a bomb, and so is one that holds itself. */
function toJson(document: Document.Parsed): Json {
  try {
    const json: unknown = document.toJS({ maxAliasCount: 100 });
    return countValues(json, 0) > MOST_VALUES ? { error: ALIASES } : { json };
  } catch (error) {
    return { error: error instanceof RangeError ? TOO_DEEP : ALIASES };
  }
}

/** How many values there are when every alias is written out; counting ends soon after {@link MOST_VALUES}. */
function countValues(value: unknown, before: number): number {
  let count = before + 1;
  if (typeof value !== 'object' || value === null) return count;
  for (const member of Object.values(value)) {
    if (count > MOST_VALUES) break;
    count = countValues(member, count);
  }
  return count;
}

function lineFinder(document: Document.Parsed, lineAt: (offset: number) => number): (path: FieldPath) => number {
  return (path) => {
    let node: Node | undefined = document.contents ?? undefined;
    let offset = node?.range?.[0] ?? 0;
    for (const step of path) {
      const whole: Node | undefined = isAlias(node) ? node.resolve(document) : node;
      const found = memberOf(whole, step);
      if (!found) break;
      offset = found.offset ?? offset;
      node = found.node;
    }
    return lineAt(offset);
  };
}

/** A member of a map, placed at its key, or an entry of a list. */
function memberOf(node: Node | undefined, step: string | number): { node?: Node; offset?: number } | undefined {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => isScalar(key) && key.value === String(step));
    return pair && { node: pair.value as Node | undefined, offset: (pair.key as Node).range?.[0] };
  }
  const item = isSeq(node) && typeof step === 'number' ? (node.items[step] as Node | undefined) : undefined;
  return item && { node: item, offset: item.range?.[0] };
}
