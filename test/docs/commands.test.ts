import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../support/peers/paths.ts';
import { commandTable } from './commandTable.ts';
import { pages } from './markdown.ts';

/** Pages whose commands people paste one after the other. */
const SHOWING = ['README.md', 'CONTRIBUTING.md', 'docs/aws.md', 'docs/aws-upkeep.md'];

describe('The commands that README, CONTRIBUTING and the pages about AWS show', () => {
  const shown = pages()
    .filter(({ path }) => SHOWING.includes(path))
    .flatMap(({ commands }) => commands);

  it('are each run by a test, or have a reason why not', () => {
    expect(shown.length).toBeGreaterThan(0);
    expect([...new Set(shown)].filter((command) => !(command in commandTable))).toEqual([]);
  });

  it.each(Object.entries(commandTable))('`%s` is shown, and its proof exists', (command, proof) => {
    expect(shown).toContain(command);
    if ('test' in proof) expect(readFileSync(join(repository, proof.test), 'utf8')).toContain(proof.words);
    else expect(proof.notRun).not.toBe('');
  });
});
