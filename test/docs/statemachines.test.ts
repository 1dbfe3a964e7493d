import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
// @ts-expect-error: it has no types
import aslValidator from 'asl-validator';
import { describe, expect, it, test } from 'vitest';
import { catalogue } from '../../docs/eventCatalogue.ts';
import { MAX_LOOPS } from '../../lib/application/outcome.ts';
import { readMachine } from '../../server/workflows.ts';
import { repository } from '../support/peers/paths.ts';
import { readPage } from './markdown.ts';

interface Rule {
  readonly ErrorEquals: readonly string[];
  readonly Next?: string;
  readonly JitterStrategy?: string;
  readonly BackoffRate?: number;
  readonly MaxAttempts?: number;
  readonly ResultPath?: string | null;
}
interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly End?: boolean;
  readonly Choices?: readonly { readonly Variable: string; readonly StringEquals: string; readonly Next: string }[];
  readonly TimeoutSeconds?: number;
  readonly SecondsPath?: string;
  readonly ResultPath?: string | null;
  readonly Retry?: readonly Rule[];
  readonly Catch?: readonly Rule[];
}
interface Machine {
  readonly StartAt: string;
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<string, State>>;
}

const FOLDER = join(repository, 'statemachines');
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.asl.json'));
const textOf = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');
const machineOf = (file: string): Machine => JSON.parse(textOf(file)) as Machine;
const lowerFirst = (name: string): string => name[0]!.toLowerCase() + name.slice(1);

const targets = (state: State): string[] => [
  ...[state.Next, state.Default].filter((next) => next !== undefined),
  ...(state.Choices ?? []).map((choice) => choice.Next),
  ...(state.Catch ?? []).map((rule) => rule.Next as string),
];

test('there are two machines', () => {
  expect(files.sort()).toEqual(['deliverSecret.asl.json', 'issueCertificate.asl.json']);
});

describe.each(files)('%s', (file) => {
  const machine = machineOf(file);
  const states = Object.entries(machine.States);
  const tasks = states.filter(([, state]) => state.Type === 'Task');

  it('is valid Amazon States Language', () => {
    const local = readMachine(file.replace('.asl.json', '') as 'issueCertificate');
    const { isValid, errorsText } = aslValidator(local);
    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
    // The validator compiles its schemas: a second on a quiet machine, many on a busy one.
  }, 60_000);

  it('reaches every state, and names no other', () => {
    const reached = new Set<string>();
    const walk = (name: string): void => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const next of targets(machine.States[name]!)) walk(next);
    };
    walk(machine.StartAt);
    expect([...reached].sort()).toEqual(Object.keys(machine.States).sort());
  });

  it('is one that both engines read alike: names are plain words, errors are all or nothing, no context object', () => {
    for (const [name] of states) expect(name).toMatch(/^[A-Z][A-Za-z]*$/);
    const rules = states.flatMap(([, state]) => [...(state.Retry ?? []), ...(state.Catch ?? [])]);
    expect(rules.length).toBeGreaterThan(2);
    for (const rule of rules) expect(rule.ErrorEquals).toEqual(['States.ALL']);
    expect(textOf(file)).not.toContain('$$');
    expect(textOf(file)).not.toMatch(/"(Map|Parallel)"|JSONata|"Result"/);
  });

  it.each(tasks)('task %s ends in time, is retried with jitter, and names its function', (name, state) => {
    expect(state.Resource).toBe(`\${${name}FunctionArn}`);
    expect(state.TimeoutSeconds).toBeGreaterThan(0);
    expect(state.TimeoutSeconds).toBeLessThanOrEqual(60);
    expect(state.Retry).toHaveLength(1);
    expect(state.Retry![0]).toMatchObject({ JitterStrategy: 'FULL', BackoffRate: 2 });
    expect(state.Retry![0]!.MaxAttempts).toBeLessThanOrEqual(5);
  });

  it('records every failure before it cleans up, and nothing after', () => {
    const caught = Object.fromEntries(tasks.map(([name, state]) => [name, state.Catch?.map((rule) => rule.Next)]));
    const failures: Record<string, unknown> = {
      'issueCertificate.asl.json': {
        Order: ['RecordFailure'],
        Challenge: ['RecordFailure'],
        Finalize: ['RecordFailure'],
        Store: ['RecordFailure'],
        RecordFailure: ['CleanUp'],
        CleanUp: undefined,
      },
      'deliverSecret.asl.json': { Push: ['RecordPushFailure'], RecordPushFailure: undefined },
    };
    expect(caught).toEqual(failures[file]);
  });

  it('waits as its step says, and goes back to that step', () => {
    for (const [name, state] of states.filter(([, one]) => one.Type === 'Wait')) {
      const step = name.replace('Later', '');
      expect([state.SecondsPath, state.Next]).toEqual([`$.${lowerFirst(step)}.seconds`, step]);
      expect(machine.States[step]!.ResultPath).toBe(`$.${lowerFirst(step)}`);
    }
  });

  it('takes an answer that it does not know for a failure, or for an end that the ledger knows of', () => {
    for (const [name, state] of states.filter(([, one]) => one.Type === 'Choice')) {
      const step = name.replace('Done', '');
      for (const choice of state.Choices!) {
        expect(choice.Variable).toBe(`$.${lowerFirst(step)}.outcome`);
        expect(['done', 'wait', 'deferred']).toContain(choice.StringEquals);
      }
      expect(state.Default).toBe('RecordFailure');
    }
  });

  it('has time for all the waits that a step may ask for, and each of them at its longest is under an hour', () => {
    expect(MAX_LOOPS * 240).toBeLessThanOrEqual(3600);
    expect(machine.TimeoutSeconds).toBeGreaterThanOrEqual(3600);
  });
});

describe('the table in statemachines/README.md', () => {
  const page = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| state'))
    .map(
      (line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()) as [string, string, string, string],
    );
  const list = (cell: string): string[] => cell.split(',').map((word) => word.trim());
  // What a step writes on the account of an issuer is no part of its run.
  const commands = new Map(
    catalogue
      .filter(({ category }) => ['certificate', 'issuance', 'delivery', 'order'].includes(category))
      .flatMap((stream) => Object.entries(stream.commands)),
  );

  it('has a row for every task of both machines', () => {
    const tasks = files.flatMap((file) =>
      Object.entries(machineOf(file).States).flatMap(([name, state]) => (state.Type === 'Task' ? [name] : [])),
    );
    expect(rows.map(([state]) => state).sort()).toEqual(tasks.sort());
  });

  it.each(rows)('state %s has its handler in the file of its name, which the service binds', (state, handler) => {
    expect(handler).toBe(`functions/steps/${lowerFirst(state)}.ts`);
    expect(readFileSync(join(repository, handler), 'utf8')).toContain(`export const ${lowerFirst(state)} =`);
    const binder = readFileSync(join(repository, 'server/workflows.ts'), 'utf8');
    expect(binder).toContain(`  ${state}: ${lowerFirst(state)},`);
  });

  it('leaves out no file in functions/steps', () => {
    const handlers = readdirSync(join(repository, 'functions/steps')).filter((file) => file !== 'step.ts');
    expect(rows.map(([, handler]) => handler).sort()).toEqual(handlers.map((file) => `functions/steps/${file}`).sort());
  });

  it.each(rows)('state %s (%s) gives the commands that its code gives', (_state, handler, cell) => {
    expect(list(cell).sort()).toEqual(given(handler).sort());
  });

  it.each(rows)('state %s (%s): %s write its events', (_state, _handler, cell, events) => {
    const written = list(cell).flatMap((command) => commands.get(command)!.writes);
    // A run that Push begins is the next one's matter.
    expect(list(events).sort()).toEqual([...new Set(written)].filter((event) => event !== 'RunBegun').sort());
  });

  /** Commands that every step may give, which the prose below the table names. */
  const ANY_STEP = ['RecordProblem', 'RecordCorrected', 'Defer', 'Supersede'];

  it('names in its prose what every step may write', () => {
    for (const command of ANY_STEP) expect(page).toContain(command);
  });

  /** Types of the commands in the modules that a handler runs. */
  function given(handler: string): string[] {
    const [, module] = /from '\.\.\/\.\.\/(lib\/application\/\S+?)';/.exec(
      [...readFileSync(join(repository, handler), 'utf8').matchAll(/^import \{.*\brun\b.*$/gm)].join('\n'),
    )!;
    const files = closure(module as string);
    const found = files.flatMap((file) => {
      let text = readFileSync(join(repository, file), 'utf8');
      // Two handlers share this file: what belongs to the second begins at its comment.
      if (file === 'lib/application/delivery/push.ts') {
        const [first, second] = text.split('/** Step RecordPushFailure');
        text = (handler.includes('recordPushFailure') ? second : first) as string;
      }
      return [...text.matchAll(/type: '([A-Z]\w+)'/g)].map((match) => match[1] as string);
    });
    return [...new Set(found)].filter((type) => commands.has(type) && !ANY_STEP.includes(type));
  }

  /** A module of a step and those that it imports beside it, and of the limits. run.ts is every step's; account.ts writes a stream of its own. */
  function closure(module: string, seen = new Set<string>()): string[] {
    const folder = module.slice(0, module.lastIndexOf('/'));
    if (seen.has(module) || /\/(run|account)\.ts$/.test(module)) return [];
    seen.add(module);
    const text = readFileSync(join(repository, module), 'utf8');
    const imports = [...text.matchAll(/from '(\.\/|\.\.\/limits\/)(\w+\.ts)'/g)];
    const next = imports.map(([, from, file]) => `${from === './' ? folder : 'lib/application/limits'}/${file}`);
    return [module, ...next.flatMap((file) => closure(file, seen))];
  }

  it('links to this test', () => {
    expect(readPage('statemachines/README.md', page).links).toContain('../test/docs/statemachines.test.ts');
  });
});
