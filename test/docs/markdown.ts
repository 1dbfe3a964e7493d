import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { repository } from '../support/peers/paths.ts';

/** A Markdown file of this repository, taken apart. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  /** Targets of links, as written. */
  readonly links: readonly string[];
  /** Inline code outside fenced blocks. */
  readonly code: readonly string[];
  /** Anchors of headings, as GitHub makes them. */
  readonly anchors: readonly string[];
  /** Commands of fenced `sh` blocks: a line each, without comments and with continued lines joined. */
  readonly commands: readonly string[];
}

const IGNORED = new Set(['node_modules', '.git', '.cache', 'data', '.chancery', 'coverage']);

/** Every Markdown file outside ignored folders. */
export function pages(root = repository): Page[] {
  const files = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      if (IGNORED.has(entry.name)) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return files(path);
      return entry.name.endsWith('.md') ? [path] : [];
    });
  return files(root).map((file) => readPage(relative(root, file), readFileSync(file, 'utf8')));
}

const FENCE = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** Takes one page apart. */
export function readPage(path: string, text: string): Page {
  const prose = text.replace(FENCE, '');
  return {
    path,
    links: [...prose.replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string),
    code: [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code as string),
    anchors: [...prose.matchAll(/^#+ +(.+)$/gm)].map(([, heading]) => anchor(heading as string)),
    commands: [...text.matchAll(FENCE)]
      .filter(([, kind]) => kind === 'sh')
      .flatMap(([, , body]) => commands(body as string)),
  };
}

const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

function commands(block: string): string[] {
  return block
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) =>
      line
        .replace(/(^|\s)#\s.*$/, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '');
}
