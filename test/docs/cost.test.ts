import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cost, PAGE } from '../../docs/cost.ts';

describe('docs/cost.md', () => {
  it('says what the counts and the prices make; npm run docs:cost makes it anew', () => {
    expect(readFileSync(PAGE, 'utf8')).toBe(cost());
  });
});
