import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { busPage } from '../../docs/bus.ts';
import { busEvents } from '../../lib/application/schema/busEvent.ts';
import { repository } from '../support/peers/paths.ts';

test('docs/bus.md is what the schemas say now: run npm run docs:bus', () => {
  expect(readFileSync(join(repository, 'docs/bus.md'), 'utf8')).toBe(busPage());
});

test('docs/bus.md has every type with every member that is its own', () => {
  const page = busPage();
  for (const [type, { shape }] of Object.entries(busEvents)) {
    const section = page.split(`### ${type}\n`)[1]!.split('\n#')[0]!;
    const own = Object.keys(shape).filter((name) => !page.split('## Types')[0]!.includes(`| \`${name}\` |`));
    expect(own.length).toBeGreaterThan(0);
    for (const name of own) expect(section).toContain(`| \`${name}\` |`);
  }
});
