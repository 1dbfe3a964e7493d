import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue } from './eventCatalogue.ts';

/** What one command wrote: test/fixtures/events holds one of every type, in every shape that was ever written. */
export interface EventFixture {
  /** `category.EventType` */
  readonly name: string;
  readonly stream: string;
  readonly at: string;
  readonly given: readonly { readonly type: string }[];
  readonly command: { readonly type: string };
  readonly events: readonly { readonly type: string }[];
}

const FIXTURES = fileURLToPath(new URL('../test/fixtures/events/', import.meta.url));

/** The shape that is written today. */
export const TODAY = 'v1';

/** Fixtures of one shape, `v1` and so on. */
export const fixturesOf = (shape: string): EventFixture[] =>
  readdirSync(join(FIXTURES, shape))
    .sort()
    .map((file) => ({
      name: file.slice(0, -'.json'.length),
      ...JSON.parse(readFileSync(join(FIXTURES, shape, file), 'utf8')),
    }));

/** Every shape ever written. */
export const shapes = (): string[] => readdirSync(FIXTURES).sort();

const INTRODUCTION = [
  '# Events',
  '',
  'Everything that happened is an event in a stream of the ledger. An event is past tense, carries references and never a secret, and holds what the',
  'decision knew, defaults included. **Names and shapes are storage:** they are never changed, only translated when they are read; one of every shape',
  'ever written lies in [test/fixtures/events](../test/fixtures/events) and is replayed by a test.',
  '',
  'A commit holds the events of one decision: `stream`, `version`, `events`, `at` (never before the commit before), `actor`, `commitId`,',
  '`correlationId`, `causationId`, `previousHash` and `hash` (SHA-256 over the rest, so that the commits of a stream are a chain).',
  '',
  'This page is made from the code and the fixtures by `npm run docs:events`.',
  '',
].join('\n');

/** The text of docs/events.md. */
export function eventsPage(): string {
  const fixtures = new Map(fixturesOf(TODAY).map((fixture) => [fixture.name, fixture]));
  const sections = catalogue.map(({ category, stream, about, commands }) => {
    const types = [...new Set(Object.values(commands).flatMap((command) => command.writes))];
    const rows = types.map((type) => {
      const writers = Object.entries(commands).filter(([, { writes }]) => writes.includes(type));
      const cells = [
        `\`${type}\``,
        fieldsOf(fixtures.get(`${category}.${type}`), type),
        writers.map(([command, { by }]) => `\`${command}\` (${by})`).join('<br>'),
      ];
      return `| ${cells.join(' | ')} |`;
    });
    return [`## ${stream}`, '', about, '', '| event | fields | written by |', '|---|---|---|', ...rows, ''].join('\n');
  });
  return [INTRODUCTION, ...sections].join('\n');
}

function fieldsOf(fixture: EventFixture | undefined, type: string): string {
  const event = fixture?.events.find((one) => one.type === type);
  if (!event) throw new Error(`no fixture shows ${type}`);
  const names = Object.keys(event).filter((name) => name !== 'type');
  return names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ');
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('events.md', import.meta.url), eventsPage());
}
