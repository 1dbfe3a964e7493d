import type { AnyClient } from '../../test/support/awsCore.ts';
import type { Count, Tally } from './counts.ts';

interface Handling {
  readonly input: Record<string, unknown>;
}
interface Handled {
  readonly output: { readonly ConsumedCapacity?: Capacity | readonly Capacity[] };
}
interface Capacity {
  readonly CapacityUnits?: number;
}
type Handle = (handling: Handling) => Promise<Handled>;
interface Stack {
  add(
    middleware: (next: Handle, context: { clientName?: string; commandName?: string }) => Handle,
    options: { step: 'initialize'; name: string },
  ): void;
}

const READS = /^(?:Get|BatchGet|Query|Scan)/;

/** Counts what goes through clients, and calls of functions. */
export function meter() {
  let functions: Record<string, number> = {};
  let executions: Record<string, number> = {};
  let requests: Record<string, number> = {};
  let readUnits = 0;
  let writeUnits = 0;
  const more = (counts: Record<string, number>, key: string) => {
    counts[key] = (counts[key] ?? 0) + 1;
  };
  return {
    called: (name: string) => more(functions, name),
    started: (machine: string) => more(executions, machine),
    watch(client: AnyClient) {
      (client.middlewareStack as Stack).add(
        (next, { clientName = '', commandName = '' }) =>
          async (handling) => {
            const service = clientName.replace(/Client$/, '');
            const operation = commandName.replace(/Command$/, '');
            const isDynamo = service === 'DynamoDB';
            const input = isDynamo ? { ...handling.input, ReturnConsumedCapacity: 'TOTAL' } : handling.input;
            more(requests, `${service}.${operation}`);
            const handled = await next({ ...handling, input });
            const units = [handled.output.ConsumedCapacity ?? []]
              .flat()
              .reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
            if (READS.test(operation)) readUnits += units;
            else writeUnits += units;
            return handled;
          },
        { step: 'initialize', name: 'meter' },
      );
    },
    /** What was counted since the last call. */
    taken(): Omit<Count, 'bytes'> {
      const [called, started, asked] = [functions, executions, requests].map(sorted) as [Tally, Tally, Tally];
      const count = { functions: called, executions: started, requests: asked, readUnits, writeUnits };
      functions = {};
      executions = {};
      requests = {};
      readUnits = 0;
      writeUnits = 0;
      return count;
    },
  };
}

const sorted = (counts: Tally): Tally =>
  Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
