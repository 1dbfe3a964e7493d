import { type Colour, plain, type Terminal } from './terminal.ts';

/** One column. `wide` columns are shown with `-o wide` alone. */
export interface Column<T> {
  readonly title: string;
  readonly wide?: boolean;
  text(row: T): string | number | undefined;
  colour?(row: T): Colour | undefined;
}

const GAP = '   ';

/** Lines of a table: a line of titles, then one a row, columns aligned. An empty cell shows a hyphen. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[], paint: Terminal['paint']): string[] {
  const cells = rows.map((row) => columns.map((column) => plain(String(column.text(row) ?? '')) || '-'));
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...cells.map((line) => widthOf(line[index]!))),
  );
  const line = (texts: readonly string[], colours: readonly (Colour | undefined)[]): string =>
    texts
      .map((text, index) => {
        const padding = index === texts.length - 1 ? '' : ' '.repeat(widths[index]! - widthOf(text));
        const colour = colours[index];
        return `${colour ? paint(colour, text) : text}${padding}`;
      })
      .join(GAP);
  const titles = columns.map(({ title }) => title);
  return [
    line(
      titles,
      titles.map(() => 'bold'),
    ),
    ...cells.map((texts, row) =>
      line(
        texts,
        columns.map(({ colour }) => colour?.(rows[row]!)),
      ),
    ),
  ];
}

/** Columns of a terminal that a text takes: names may hold wide characters. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : COMBINING.test(character) ? 0 : 1;
  return width;
}

const COMBINING = /\p{M}/u;
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\uff01-\uff60\p{Emoji_Presentation}]/u;

/** Pairs of a name and a value, values aligned; what has no value is left out. */
export function pairs(entries: readonly (readonly [name: string, value: string | undefined])[], indent = ''): string[] {
  const shown = entries.filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${indent}${`${name}:`.padEnd(width + 1)}  ${value}`);
}
