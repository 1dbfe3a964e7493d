/** Names of members as JSON with their colon: the events have a few hundred, written with every commit. */
const names = new Map<string, string>();
const MOST_NAMES = 4096;

function nameOf(member: string): string {
  const known = names.get(member);
  if (known !== undefined) return known;
  const text = `${JSON.stringify(member)}:`;
  if (names.size >= MOST_NAMES) names.clear();
  names.set(member, text);
  return text;
}

/** JSON with the members of every object in order of name and without undefined ones: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member !== undefined) text += `${text === '' ? '' : ','}${nameOf(name)}${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/** Whether two JSON values are equal; the order of members and undefined ones do not count. */
export const sameJson = (a: unknown, b: unknown): boolean => a === b || canonicalJson(a) === canonicalJson(b);
