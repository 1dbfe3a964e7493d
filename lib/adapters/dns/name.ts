import { DnsError } from '../../ports/dnsProvider.ts';

/**
 * Domain names in text and on the wire (RFC 1035 3.1, 4.1.4). Text has no trailing dot; the root is the empty text. A byte that text cannot
 * show is written `\DDD`, a dot or backslash inside a label with a backslash before it (RFC 1035 5.1).
 */

const MAX_NAME = 255;
const MAX_LABEL = 63;
const POINTER = 0xc0;

const malformed = (why: string): DnsError => new DnsError('DnsMalformed', why, false);

/** A name as uncompressed wire octets. @throws DnsError `DnsMalformed` for an empty or overlong label, or an overlong name */
export function encodeName(name: string): Buffer {
  const parts: Buffer[] = [];
  for (const label of labelsOf(name)) {
    const octets = Buffer.from(octetText(label), 'latin1');
    if (octets.length === 0 || octets.length > MAX_LABEL) throw malformed(`a label of ${name} has no valid length`);
    parts.push(Buffer.of(octets.length), octets);
  }
  const wire = Buffer.concat([...parts, Buffer.of(0)]);
  if (wire.length > MAX_NAME) throw malformed(`the name ${name} is longer than 255 octets`);
  return wire;
}

/**
 * Reads the name at `offset`, following compression pointers.
 * @returns the text and the offset behind the name
 * @throws DnsError `DnsMalformed` for what RFC 1035 does not allow; a pointer must point backwards, so that none can loop
 */
export function decodeName(message: Buffer, offset: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = offset;
  let end: number | undefined;
  let length = 1;
  for (;;) {
    const head = octet(message, at);
    if ((head & POINTER) === POINTER) {
      const to = ((head & ~POINTER) << 8) | octet(message, at + 1);
      if (to >= at) throw malformed('a compression pointer does not point backwards');
      end ??= at + 2;
      at = to;
      continue;
    }
    if (head & POINTER) throw malformed('a label has an unknown type');
    if (head === 0) return { name: labels.join('.'), end: end ?? at + 1 };
    length += head + 1;
    if (length > MAX_NAME || at + 1 + head > message.length) throw malformed('a name runs over its bounds');
    labels.push(labelText(message.subarray(at + 1, at + 1 + head)));
    at += 1 + head;
  }
}

/** The name without its first label; undefined for the root. */
export function parentName(name: string): string | undefined {
  return name === '' ? undefined : labelsOf(name).slice(1).join('.');
}

/** True when the names are equal; ASCII case does not count (RFC 4343). */
export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** True when `name` is `zone` or below it. */
export function isWithin(name: string, zone: string): boolean {
  return zone === '' || sameName(name, zone) || name.toLowerCase().endsWith(`.${zone.toLowerCase()}`);
}

/** Text with a trailing dot taken off and in lower case, as TxtValue has names. */
export const normalName = (name: string): string => name.toLowerCase().replace(/(?<!\\)\.$/, '');

function octet(message: Buffer, at: number): number {
  const value = message[at];
  if (value === undefined) throw malformed('a name runs over the end of the message');
  return value;
}

/** Splits at the dots that no backslash protects; `a..b` has an empty label in the middle. */
function labelsOf(name: string): string[] {
  if (name === '') return [];
  const labels = [''];
  for (const [part] of name.matchAll(/\\.|[^\\.]+|./gs)) {
    if (part === '.') labels.push('');
    else labels[labels.length - 1] += part;
  }
  return labels;
}

function octetText(label: string): string {
  return label.replace(/\\(?:(\d{3})|(.))/gs, (_, code: string | undefined, char: string) =>
    code === undefined ? char : String.fromCharCode(Number(code) & 0xff),
  );
}

function labelText(octets: Buffer): string {
  return octets
    .toString('latin1')
    .replace(/[.\\]|[^\x21-\x7e]/g, (char) =>
      char === '.' || char === '\\' ? `\\${char}` : `\\${String(char.charCodeAt(0)).padStart(3, '0')}`,
    );
}
