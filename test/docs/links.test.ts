import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../support/peers/paths.ts';
import { type Page, pages, readPage } from './markdown.ts';

const OUTSIDE = /^(https?:|mailto:)/;

/** Inline code that looks like a path into this repository. */
const PATH = /^(lib|functions|server|cli|bin|bench|test|docs|statemachines|deploy|console|\.ci)\/[\w./-]+$/;

/** Links of a page that lead nowhere. */
function broken(page: Page, all: readonly Page[]): string[] {
  return page.links.filter((link) => {
    if (OUTSIDE.test(link)) return false;
    const [file = '', anchor] = link.split('#');
    const path = file === '' ? page.path : normalize(join(dirname(page.path), file));
    if (!existsSync(join(repository, path))) return true;
    return anchor !== undefined && !all.find((other) => other.path === path)?.anchors.includes(anchor);
  });
}

/** Files that a page names and that do not exist. */
const absent = (page: Page): string[] =>
  page.code.filter((code) => PATH.test(code) && !existsSync(join(repository, code)));

/** Scripts of `npm run` that package.json does not have. */
function unknownScripts(page: Page, scripts: readonly string[]): string[] {
  const named = [...page.code, ...page.commands].flatMap((code) =>
    [...code.matchAll(/npm run (?:-s |--silent )?([\w:-]+)/g)].map(([, script]) => script as string),
  );
  return named.filter((script) => !scripts.includes(script));
}

describe('The documentation', () => {
  const all = pages();
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));

  it('has a README and an index', () => {
    expect(all.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['README.md', 'docs/README.md', 'docs/adr/README.md']),
    );
  });

  it('has links that lead somewhere', () => {
    expect(all.flatMap((page) => broken(page, all).map((link) => `${page.path}: ${link}`))).toEqual([]);
  });

  it('names files and scripts that exist', () => {
    const wrong = (page: Page) => [...absent(page), ...unknownScripts(page, Object.keys(scripts))];
    expect(all.flatMap((page) => wrong(page).map((code) => `${page.path}: ${code}`))).toEqual([]);
  });

  it('reaches every page below docs/ from its index', () => {
    const unreached = (folder: string) => {
      const index = all.find(({ path }) => path === `${folder}/README.md`);
      const linked = index?.links.map((link) => normalize(join(folder, link)));
      const here = all.filter(({ path }) => dirname(path) === folder && !/(README|template)\.md$/.test(path));
      return here.filter(({ path }) => !linked?.includes(path)).map(({ path }) => path);
    };
    expect([...unreached('docs'), ...unreached('docs/adr')]).toEqual([]);
  });
});

describe('The checks of the documentation', () => {
  const text = '# A `b` Heading!\n[x](absent.md) [y](#a-b-heading) [z](#none) `lib/absent.ts` `npm run absent`\n';
  const page = readPage('docs/planted.md', `${text}\n\`\`\`sh\nnpm ci # once\n\`\`\`\n`);

  it('see a planted fault of each kind', () => {
    const here = { ...page, path: 'docs/README.md' };
    expect(broken(here, [here])).toEqual(['absent.md', '#none']);
    expect(absent(page)).toEqual(['lib/absent.ts']);
    expect(unknownScripts(page, ['lint'])).toEqual(['absent']);
    expect(page.commands).toEqual(['npm ci']);
  });
});
