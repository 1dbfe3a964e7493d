import { afterEach, describe, expect, it } from 'vitest';
import { type StepHandler, step } from '../../functions/steps/step.ts';
import { loopsOf, MAX_LOOPS, nextWait } from '../../lib/application/outcome.ts';
import type { Services } from '../../lib/application/services.ts';
import { type EmbeddedWorkflows, embeddedWorkflows, readMachine } from '../../server/workflows.ts';

type Script = Readonly<Record<string, (input: Record<string, unknown>) => unknown>>;

interface Run {
  readonly workflows: EmbeddedWorkflows;
  /** Tasks that ran, with what they answered. */
  readonly tasks: string[];
  readonly inputs: Record<string, unknown>[];
  readonly warnings: { message: string; fields: Record<string, unknown> }[];
  /** Resolves when no execution runs. */
  idle(): Promise<void>;
}

const open: EmbeddedWorkflows[] = [];
afterEach(async () => {
  for (const workflows of open.splice(0)) await workflows.stop();
});

const ALL = ['Order', 'Challenge', 'Finalize', 'Store', 'RecordFailure', 'CleanUp', 'Push', 'RecordPushFailure'];
const done = { outcome: 'done' };

/** The binder on the real machines, with scripted steps (done, where the script says nothing) in the real wrapping. */
function scripted(script: Script): Run {
  const tasks: string[] = [];
  const inputs: Record<string, unknown>[] = [];
  const warnings: Run['warnings'] = [];
  const warn = (message: string, fields = {}): void => void warnings.push({ message, fields });
  const services = { log: { info: () => {}, warn, error: warn } } as unknown as Services;
  const handlers = Object.fromEntries(
    ALL.map((state) => [
      state,
      (): StepHandler =>
        step(async (input: Record<string, unknown>) => {
          inputs.push(input);
          return (await script[state]?.(input)) ?? done;
        }),
    ]),
  );
  const observer = { task: (state: string, outcome: string) => void tasks.push(`${state} ${outcome}`) };
  const workflows = embeddedWorkflows(() => services, { handlers, observer, pause: 0 });
  open.push(workflows);
  const idle = async (): Promise<void> => {
    while (workflows.running > 0) await new Promise(setImmediate);
  };
  return { workflows, tasks, inputs, warnings, idle };
}

const boom = (): never => {
  throw new Error('boom');
};

/** Runs issueCertificate once to its end. */
async function issue(script: Script): Promise<Run> {
  const run = scripted(script);
  await run.workflows.start('issueCertificate', 'one', { issuance: 'issuance/u/1', run: 1 });
  await run.idle();
  return run;
}

describe('issueCertificate', () => {
  it('takes eight transitions to a certificate, with one name or a hundred', async () => {
    const { tasks, warnings } = await issue({});
    expect(tasks).toEqual(['Order done', 'Challenge done', 'Finalize done', 'Store done', 'CleanUp done']);
    const { States } = readMachine('issueCertificate') as { States: Record<string, { Type: string; Next?: string }> };
    const states = tasks.map((task) => States[task.split(' ')[0]!]!);
    const choices = states.filter(({ Next }) => Next !== undefined && States[Next]!.Type === 'Choice');
    expect(tasks.length + choices.length).toBe(8);
    expect(warnings).toEqual([]);
  });

  it('hands a step its own last answer and those before, and references only', async () => {
    let asked = 0;
    const { inputs } = await issue({
      Challenge: () => (asked++ === 0 ? { outcome: 'wait', seconds: 1, loops: 1 } : done),
      Finalize: () => ({ outcome: 'done', certificate: 'https://ca/c/1' }),
    });
    expect(inputs[2]).toEqual({
      issuance: 'issuance/u/1',
      run: 1,
      order: done,
      challenge: { outcome: 'wait', seconds: 1, loops: 1 },
    });
    expect(inputs.at(-1)).toMatchObject({ finalize: { outcome: 'done', certificate: 'https://ca/c/1' } });
  });

  it.each(['Order', 'Challenge', 'Finalize'])(
    'waits in %s fifteen times and then puts the run off, with nothing cleaned up',
    async (state) => {
      const key = state.toLowerCase();
      const { tasks } = await issue({ [state]: (input) => nextWait(loopsOf(input[key])) ?? { outcome: 'deferred' } });
      expect(tasks.filter((task) => task === `${state} wait`)).toHaveLength(MAX_LOOPS);
      expect(tasks.at(-1)).toBe(`${state} deferred`);
      expect(tasks.join()).not.toContain('CleanUp');
    },
  );

  it.each(['Order', 'Challenge', 'Finalize'])('records a failure that %s answered, and cleans up', async (state) => {
    const { tasks, inputs } = await issue({ [state]: () => ({ outcome: 'failed' }) });
    expect(tasks.slice(-3)).toEqual([`${state} failed`, 'RecordFailure done', 'CleanUp done']);
    expect(inputs.at(-2)).not.toHaveProperty('failure');
  });

  it('cleans up after Store, which folds its own failure', async () => {
    const { tasks } = await issue({ Store: () => ({ outcome: 'failed' }) });
    expect(tasks.slice(-2)).toEqual(['Store failed', 'CleanUp done']);
  });

  it.each(['Order', 'Challenge', 'Finalize', 'Store'])(
    'tries %s five times when it throws, then records what it threw',
    async (state) => {
      const { tasks, inputs } = await issue({ [state]: boom });
      expect(tasks.filter((task) => task === `${state} error`)).toHaveLength(5);
      expect(tasks.slice(-2)).toEqual(['RecordFailure done', 'CleanUp done']);
      expect(inputs.at(-2)!.failure).toEqual({
        Error: 'Error',
        Cause: JSON.stringify({ errorType: 'Error', errorMessage: 'boom' }),
      });
    },
  );

  it('only cleans up after Store, whatever it answered: it folds its own failure', async () => {
    const { tasks } = await issue({ Store: () => ({ outcome: 'failed' }) });
    expect(tasks.slice(-2)).toEqual(['Store failed', 'CleanUp done']);
  });

  it('goes on when a step threw once', async () => {
    let thrown = 0;
    const { tasks } = await issue({ Order: () => (thrown++ === 0 ? boom() : done) });
    expect(tasks).toContain('CleanUp done');
    expect(tasks.join()).not.toContain('RecordFailure');
  });

  it('cleans up even when the failure cannot be recorded', async () => {
    const { tasks } = await issue({ Order: boom, RecordFailure: boom });
    expect(tasks.filter((task) => task === 'RecordFailure error')).toHaveLength(5);
    expect(tasks.at(-1)).toBe('CleanUp done');
  });

  it.each([
    ['nothing known', { outcome: 'perhaps' }],
    ['no object', 'done'],
    ['a wait without seconds', { outcome: 'wait' }],
    ['a wait of a fraction', { outcome: 'wait', seconds: 0.5 }],
    ['a wait into the past', { outcome: 'wait', seconds: -1 }],
  ])('does not act on an answer that is %s: the run fails and says why', async (_name, answer) => {
    const { tasks, inputs } = await issue({ Order: () => answer });
    expect(tasks.slice(-2)).toEqual(['RecordFailure done', 'CleanUp done']);
    expect(inputs.at(-2)!.failure).toMatchObject({ Error: 'MalformedOutcome' });
    expect(tasks.join()).not.toContain('Challenge');
  });

  it('fails as a whole when CleanUp does, and says which', async () => {
    const { warnings, workflows } = await issue({ CleanUp: boom });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.fields).toMatchObject({ machine: 'issueCertificate', name: 'one' });
    expect(await workflows.start('issueCertificate', 'one', {})).toBe('ended');
  });
});

describe('deliverSecret', () => {
  const deliver = async (script: Script): Promise<Run> => {
    const run = scripted(script);
    await run.workflows.start('deliverSecret', 'one', { delivery: 'delivery/x', run: 1 });
    await run.idle();
    return run;
  };

  it('is one transition, done or failed: the step recorded which', async () => {
    expect((await deliver({})).tasks).toEqual(['Push done']);
    expect((await deliver({ Push: () => ({ outcome: 'failed' }) })).tasks).toEqual(['Push failed']);
  });

  it('records what a push threw', async () => {
    const { tasks } = await deliver({ Push: boom });
    expect(tasks).toEqual([...Array.from({ length: 5 }, () => 'Push error'), 'RecordPushFailure done']);
  });
});

describe('the binder', () => {
  it('starts an execution once, however often it is asked', async () => {
    const { workflows, tasks, idle } = scripted({});
    const input = { issuance: 'issuance/u/1', run: 1 };
    const answers = await Promise.all([1, 2, 3].map(() => workflows.start('issueCertificate', 'one', input)));
    expect(answers).toEqual(['started', 'running', 'running']);
    await idle();
    expect(await workflows.start('issueCertificate', 'one', input)).toBe('ended');
    expect(await workflows.start('issueCertificate', 'two', input)).toBe('started');
    await idle();
    expect(tasks.filter((task) => task === 'Order done')).toHaveLength(2);
  });

  it('refuses a machine with a task that nothing runs: the engine would call AWS', async () => {
    const services = { log: {} } as unknown as Services;
    const unbound = embeddedWorkflows(() => services, { handlers: { Push: undefined as never } });
    await expect(unbound.start('deliverSecret', 'one', {})).rejects.toThrow('no handler for Push');
  });

  it('hands JSON in and out, as between Step Functions and Lambda', async () => {
    const { inputs } = await issue({
      Order: (input) => {
        input.smuggled = true;
        return { outcome: 'done', at: new Date(0), nothing: undefined };
      },
    });
    expect(inputs[1]).toEqual({
      issuance: 'issuance/u/1',
      run: 1,
      order: { outcome: 'done', at: '1970-01-01T00:00:00.000Z' },
    });
  });

  it('runs at most 48 tasks at the same time', async () => {
    let inside = 0;
    let most = 0;
    const { workflows, tasks, idle } = scripted({
      Order: async () => {
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inside--;
      },
    });
    for (let n = 0; n < 200; n++) await workflows.start('issueCertificate', `e${n}`, { run: 1 });
    await idle();
    expect(most).toBe(48);
    expect(tasks.filter((task) => task === 'CleanUp done')).toHaveLength(200);
  });

  it('stops after the task that runs: nothing follows, and stop waits for it', async () => {
    let entered: () => void = () => {};
    const inside = new Promise<void>((resolve) => {
      entered = resolve;
    });
    let leave: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const { workflows, tasks } = scripted({
      Challenge: async () => {
        entered();
        await held;
      },
    });
    await workflows.start('issueCertificate', 'one', { run: 1 });
    await inside;
    let stopped = false;
    const stop = workflows.stop().then(() => {
      stopped = true;
    });
    await new Promise(setImmediate);
    expect(stopped).toBe(false);
    leave();
    await stop;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(tasks).toEqual(['Order done', 'Challenge done']);
    expect(await workflows.start('issueCertificate', 'two', { run: 1 })).toBe('running');
    expect(tasks).toHaveLength(2);
  });

  it('cuts a wait when it stops', async () => {
    const services = { log: { warn: () => {} } } as unknown as Services;
    let waiting = false;
    const push = (): StepHandler => async () => {
      waiting = true;
      return { outcome: 'wait', seconds: 3600, loops: 1 };
    };
    const workflows = embeddedWorkflows(() => services, { handlers: { Push: push } });
    await workflows.start('deliverSecret', 'one', { run: 1 });
    while (!waiting) await new Promise(setImmediate);
    await workflows.stop();
    expect(workflows.running).toBe(0);
  });
});
