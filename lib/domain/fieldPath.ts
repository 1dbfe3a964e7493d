/** A place in an input as its members' names and indexes: `['spec', 'dnsNames', 2]`. */
export type FieldPath = readonly (string | number)[];

const PLAIN = /^[A-Za-z_$][\w$-]*$/;
const STEP = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/gy;

/** A path as text: `spec.dnsNames[2]`, with quotes around a member that is no plain word: `labels["example.com/owner"]`. */
export function formatField(path: FieldPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (PLAIN.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The path that {@link formatField} wrote; what cannot be read ends it. */
export function parseField(text: string): (string | number)[] {
  const path: (string | number)[] = [];
  STEP.lastIndex = 0;
  for (let step = STEP.exec(text); step; step = STEP.exec(text)) {
    if (step[2] !== undefined) path.push(Number(step[2]));
    else path.push(step[1] ?? JSON.parse(`"${step[3]}"`));
  }
  return path;
}

/** The field `member` (a name or an index) of the field `parent`; the root is the empty text. */
export const fieldOf = (parent: string, ...members: FieldPath): string =>
  formatField([...parseField(parent), ...members]);
