import { readFileSync } from 'node:fs';
import { StateMachine } from 'aws-local-stepfunctions';
import { challenge } from '../functions/steps/challenge.ts';
import { cleanUp } from '../functions/steps/cleanUp.ts';
import { finalize } from '../functions/steps/finalize.ts';
import { order } from '../functions/steps/order.ts';
import { push } from '../functions/steps/push.ts';
import { recordFailure } from '../functions/steps/recordFailure.ts';
import { recordPushFailure } from '../functions/steps/recordPushFailure.ts';
import type { StepHandler } from '../functions/steps/step.ts';
import { store } from '../functions/steps/store.ts';
import type { Services } from '../lib/application/services.ts';
import type { Workflows } from '../lib/ports/workflows.ts';
import { semaphore } from './semaphore.ts';

type Machine = Parameters<Workflows['start']>[0];
type TaskHandler = (input: unknown) => Promise<never>;
interface Definition {
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<string, { readonly Type: string; readonly TimeoutSeconds?: number }>>;
}
// biome-ignore lint/suspicious/noExplicitAny: the engine's own definition type is wider than a JSON file's
type EngineDefinition = any;
type EngineOverrides = NonNullable<NonNullable<Parameters<StateMachine['run']>[1]>['overrides']>;

/** Which handler runs each Task state. */
const HANDLERS: Readonly<Record<string, (services: Services) => StepHandler>> = {
  Order: order,
  Challenge: challenge,
  Finalize: finalize,
  Store: store,
  RecordFailure: recordFailure,
  CleanUp: cleanUp,
  Push: push,
  RecordPushFailure: recordPushFailure,
};

/** Tasks that run at once. Executions that wait do not count. */
const CONCURRENT_TASKS = 48;

/** Ended executions that are remembered, so that a late start of one is known as such. */
const REMEMBERED = 10_000;

export interface WorkflowObserver {
  /** Told after each task; `outcome` is `error` when it threw. */
  task(state: string, outcome: string, milliseconds: number, detail: { input: unknown; answer: unknown }): void;
}

export interface EmbeddedWorkflows extends Workflows {
  /** Lets the running tasks end, starts nothing more; waits are cut. What was cut goes on at the next start. */
  stop(): Promise<void>;
  readonly running: number;
}

/** What a test may set. */
export interface WorkflowOptions {
  readonly observer?: WorkflowObserver;
  /** In the place of the steps of the same name. */
  readonly handlers?: Readonly<Record<string, (services: Services) => StepHandler>>;
  /** Milliseconds of every Wait, and of every pause before a retry; those of the machine when absent. */
  readonly pause?: number;
}

/** Reads a machine's file, with a local ARN in the place of each substitution. */
export function readMachine(machine: Machine): Definition {
  const file = new URL(`../statemachines/${machine}.asl.json`, import.meta.url);
  const text = readFileSync(file, 'utf8').replace(
    /\$\{(\w+)FunctionArn\}/g,
    (_, name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
  );
  return JSON.parse(text) as Definition;
}

/** A task that ran longer than its state allows. It may still be running: steps bear being run beside themselves. */
class TaskTimedOut extends Error {
  override readonly name = 'TaskTimedOut';
}

/** Runs the state machines in this process, with the handlers that Lambda runs. */
export function embeddedWorkflows(services: () => Services, options: WorkflowOptions = {}): EmbeddedWorkflows {
  const { observer, pause } = options;
  const handlers = { ...HANDLERS, ...options.handlers };
  const machines = new Map<Machine, { engine: StateMachine; overrides: EngineOverrides }>();
  const running = new Map<string, { abort(): void; settled: Promise<void> }>();
  const ended = new Set<string>();
  const slots = semaphore(CONCURRENT_TASKS);
  let stopping = false;

  const machineOf = (machine: Machine) => {
    const known = machines.get(machine);
    if (known) return known;
    const definition = readMachine(machine);
    const tasks = namesOf(definition, 'Task');
    const unbound = tasks.filter((state) => !handlers[state]);
    if (unbound.length > 0) throw new Error(`${machine}: no handler for ${unbound.join(', ')}`);
    const taskResourceLocalHandlers = Object.fromEntries(
      tasks.map((state) => [state, bind(state, definition.States[state]!.TimeoutSeconds ?? definition.TimeoutSeconds)]),
    );
    const overrides: EngineOverrides = { taskResourceLocalHandlers };
    if (pause !== undefined) {
      overrides.waitTimeOverrides = evenly(namesOf(definition, 'Wait'), pause);
      overrides.retryIntervalOverrides = evenly(tasks, pause);
    }
    const engine = new StateMachine(patient(definition) as EngineDefinition, {
      validationOptions: { noValidate: true },
    });
    const entry = { engine, overrides };
    machines.set(machine, entry);
    return entry;
  };

  /** JSON in and out, as between Step Functions and Lambda; errors as JSON with a literal name; nothing starts once we stop. */
  const bind = (state: string, seconds: number): TaskHandler => {
    const handler = handlers[state]!(services());
    const run = async (input: unknown): Promise<never> => {
      const begun = performance.now();
      try {
        if (stopping) throw new Error('the service is stopping');
        const answer = JSON.parse(JSON.stringify(await handler(JSON.parse(JSON.stringify(input)))));
        observer?.task(state, String(answer.outcome), performance.now() - begun, { input, answer });
        return answer as never;
      } catch (error) {
        observer?.task(state, 'error', performance.now() - begun, { input, answer: undefined });
        throw asJsonError(error);
      }
    };
    return async (input) => {
      const release = await slots.take();
      return within(seconds, run(input).finally(release));
    };
  };

  return {
    get running() {
      return running.size;
    },
    async start(machine, name, input) {
      const key = `${machine}/${name}`;
      if (running.has(key)) return 'running';
      if (ended.has(key)) return 'ended';
      if (stopping) return 'running';
      const { engine, overrides } = machineOf(machine);
      const execution = engine.run(input as never, { overrides, noThrowOnAbort: true });
      const settled = execution.result.then(
        () => undefined,
        (error: Error) =>
          services().log.warn('an execution failed', { machine, name, input, error: error.message.slice(0, 300) }),
      );
      running.set(key, {
        abort: execution.abort,
        settled: settled.finally(() => {
          running.delete(key);
          ended.add(key);
          if (ended.size > REMEMBERED) ended.delete(ended.values().next().value as string);
        }),
      });
      return 'started';
    },
    async stop() {
      stopping = true;
      const all = [...running.values()];
      for (const execution of all) execution.abort();
      await Promise.all(all.map((execution) => execution.settled));
      await slots.idle();
    },
  };
}

const namesOf = ({ States }: Definition, type: string): string[] =>
  Object.keys(States).filter((state) => States[state]!.Type === type);

const evenly = (states: readonly string[], milliseconds: number): Record<string, number> =>
  Object.fromEntries(states.map((state) => [state, milliseconds]));

/** The engine would count the time that a task waits for its turn; its own limit is kept by `within`, from its beginning. */
function patient(definition: Definition): Definition {
  const { TimeoutSeconds } = definition;
  const states = Object.entries(definition.States).map(([name, state]) => [
    name,
    state.Type === 'Task' ? { ...state, TimeoutSeconds } : state,
  ]);
  return { ...definition, States: Object.fromEntries(states) };
}

/** The work's end, or TaskTimedOut when it takes longer. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(asJsonError(new TaskTimedOut(`the task took over ${seconds} s`))), seconds * 1000);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** An error as Lambda hands it to Step Functions: JSON with a literal name. */
function asJsonError(error: unknown): Error {
  const { name, message } = error as Error;
  const wrapped = new Error(JSON.stringify({ errorType: name, errorMessage: String(message).slice(0, 1000) }));
  wrapped.name = name;
  return wrapped;
}
