import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programIn, shellWord } from '../../cli/shared/program.ts';
import { repository } from '../support/peers/paths.ts';
import { tempDir } from '../support/temp.ts';

describe('The program', () => {
  it('is called by npx where npx finds it, and by its path elsewhere', () => {
    expect(programIn(repository)).toBe('npx chancery');
    expect(programIn(join(repository, 'docs'))).toBe('npx chancery');
    const elsewhere = tempDir('cli');
    expect(programIn(elsewhere)).toBe(`node ${join(repository, 'bin/chancery.js')}`);
    mkdirSync(join(elsewhere, 'node_modules/.bin'), { recursive: true });
    writeFileSync(join(elsewhere, 'node_modules/.bin/chancery'), '');
    mkdirSync(join(elsewhere, 'deeper'));
    expect(programIn(join(elsewhere, 'deeper'))).toBe('npx chancery');
  });

  it('has words that a shell takes as they are, and others in quotes', () => {
    expect(shellWord('/var/lib/chancery')).toBe('/var/lib/chancery');
    expect(shellWord("it's here")).toBe(`'it'\\''s here'`);
  });
});
