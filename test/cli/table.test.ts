import { describe, expect, it } from 'vitest';
import { showList } from '../../cli/shared/output.ts';
import { pairs, table } from '../../cli/shared/table.ts';
import { recordingTerminal } from './terminal.ts';

const COLUMNS = [
  { title: 'NAME', text: ({ name }: { name: string }) => name },
  { title: 'LONG', wide: true, text: () => 'x' },
  { title: 'AGE', text: ({ age }: { name: string; age?: number }) => age },
];
const ROWS = [{ name: 'storefront', age: 5 }, { name: 'web' }];

describe('A table', () => {
  it('has its columns aligned, hyphens for what is not there, and no blanks at the ends of lines', () => {
    expect(table(ROWS, COLUMNS, (_, text) => text)).toEqual([
      'NAME         LONG   AGE',
      'storefront   x      5',
      'web          x      -',
    ]);
  });

  it('is aligned by what is seen: colours have no width, wide and combining characters have theirs', () => {
    const rows = [{ name: '証明' }, { name: 'e\u0301' }];
    const [, first, second] = table(rows, COLUMNS, (_, text) => `<${text}>`);
    expect(first).toBe('証明   x      -');
    expect(second).toBe('e\u0301      x      -');
  });

  it('shows control characters as what they are', () => {
    expect(table([{ name: 'a\u001b[31mb' }], COLUMNS.slice(0, 1), (_, text) => text)[1]).toBe('a\\x1b[31mb');
  });
});

describe('A list', () => {
  it.each([
    ['table', 'NAME         AGE'],
    ['wide', 'NAME         LONG   AGE'],
  ] as const)('as %s has those columns', async (format, titles) => {
    const { terminal, printed } = recordingTerminal();
    await showList(terminal, format, ROWS, COLUMNS);
    expect(printed[0]).toBe(titles);
  });

  it('as JSON and YAML is the items as they were answered', async () => {
    const json = recordingTerminal();
    await showList(json.terminal, 'json', ROWS, COLUMNS);
    expect(JSON.parse(json.printed.join('\n'))).toEqual({ items: ROWS });
    const yaml = recordingTerminal();
    await showList(yaml.terminal, 'yaml', ROWS, COLUMNS);
    expect(yaml.printed).toEqual(['items:', '  - name: storefront', '    age: 5', '  - name: web']);
  });
});

describe('Pairs', () => {
  it('have their values aligned and leave out what is not there', () => {
    expect(
      pairs([
        ['a', '1'],
        ['none', undefined],
        ['long', '2'],
      ]),
    ).toEqual(['a:     1', 'long:  2']);
  });
});
