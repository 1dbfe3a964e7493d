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

type Machine = Parameters<Workflows['start']>[0];
type Definition = { readonly States: Readonly<Record<string, { readonly Type: string }>> };
// biome-ignore lint/suspicious/noExplicitAny: the engine's own definition type is wider than a JSON file's
type EngineDefinition = any;

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

/** Reads a machine's file, with a local ARN in the place of each substitution. */
export function readMachine(machine: Machine): Definition {
  const file = new URL(`../statemachines/${machine}.asl.json`, import.meta.url);
  const text = readFileSync(file, 'utf8').replace(
    /\$\{(\w+)FunctionArn\}/g,
    (_, name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
  );
  return JSON.parse(text) as Definition;
}

/** Runs the state machines in this process, with the handlers that Lambda runs. */
export function embeddedWorkflows(services: () => Services, observer?: WorkflowObserver): EmbeddedWorkflows {
  const machines = new Map<Machine, { engine: StateMachine; tasks: string[] }>();
  const running = new Map<string, { abort(): void; settled: Promise<void> }>();
  const ended = new Set<string>();
  const slots = semaphore(CONCURRENT_TASKS);
  let stopping = false;

  const machineOf = (machine: Machine) => {
    const known = machines.get(machine);
    if (known) return known;
    const definition = readMachine(machine);
    const tasks = Object.keys(definition.States).filter((state) => definition.States[state]!.Type === 'Task');
    const unbound = tasks.filter((state) => !HANDLERS[state]);
    if (unbound.length > 0) throw new Error(`${machine}: no handler for ${unbound.join(', ')}`);
    const engine = new StateMachine(definition as EngineDefinition, { validationOptions: { noValidate: true } });
    const entry = { engine, tasks };
    machines.set(machine, entry);
    return entry;
  };

  /** JSON in and out, as between Step Functions and Lambda; errors as JSON with a literal name; nothing starts once we stop. */
  const bind = (state: string) => {
    const handler = HANDLERS[state]!(services());
    return async (input: unknown): Promise<never> => {
      const release = await slots.take();
      const begun = performance.now();
      try {
        if (stopping) throw new Error('the service is stopping');
        const answer = JSON.parse(JSON.stringify(await handler(JSON.parse(JSON.stringify(input)))));
        observer?.task(state, String(answer.outcome), performance.now() - begun, { input, answer });
        return answer as never;
      } catch (error) {
        observer?.task(state, 'error', performance.now() - begun, { input, answer: undefined });
        throw asJsonError(error);
      } finally {
        release();
      }
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
      const { engine, tasks } = machineOf(machine);
      const taskResourceLocalHandlers = Object.fromEntries(tasks.map((state) => [state, bind(state)]));
      const execution = engine.run(input as never, { overrides: { taskResourceLocalHandlers }, noThrowOnAbort: true });
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

/** An error as Lambda hands it to Step Functions: JSON with a literal name. */
function asJsonError(error: unknown): Error {
  const { name, message } = error as Error;
  const wrapped = new Error(JSON.stringify({ errorType: name, errorMessage: String(message).slice(0, 1000) }));
  wrapped.name = name;
  return wrapped;
}

function semaphore(size: number) {
  let free = size;
  const waiting: (() => void)[] = [];
  const idlers: (() => void)[] = [];
  const release = (): void => {
    free++;
    waiting.shift()?.();
    if (free === size) for (const idler of idlers.splice(0)) idler();
  };
  return {
    async take(): Promise<() => void> {
      if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      free--;
      return release;
    },
    idle: (): Promise<void> => (free === size ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
  };
}
