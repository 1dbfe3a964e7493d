import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apiPage } from '../../docs/api.ts';
import { STATUS } from '../../functions/api/problem.ts';
import { repository } from '../support/peers/paths.ts';

test('docs/api.md is what the table of routes says now: run npm run docs:api', () => {
  expect(readFileSync(join(repository, 'docs/api.md'), 'utf8')).toBe(apiPage());
});

test('docs/api.md names every status and code', () => {
  const page = apiPage();
  for (const [code, status] of Object.entries(STATUS)) {
    expect(page).toMatch(new RegExp(`^\\| ${status} \\|.*\`${code}\``, 'm'));
  }
});
