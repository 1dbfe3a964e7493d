import type { Services } from '../../lib/application/services.ts';
import type { Commit } from '../../lib/ports/eventStore.ts';

/** Verbs of the ports that write or act on the outside world. */
const EFFECTS: Readonly<Record<string, readonly string[]>> = {
  store: ['append'],
  vault: ['seal'],
  acme: ['newOrder', 'answer', 'finalize', 'download'],
  dns: ['present', 'cleanUp'],
  challengeTokens: ['put', 'remove'],
  holders: ['hold', 'release'],
  destinations: ['push', 'withdraw'],
  workflows: ['start'],
};

/**
 * Stands before and after every append and every outside effect, and calls `reached` with the point's name each time.
 * A process that ends itself there is a process that was killed there.
 */
export function withCrashPoints(services: Services, reached: (point: string) => void): Services {
  const wrapped: Record<string, unknown> = { ...services };
  for (const [port, verbs] of Object.entries(EFFECTS)) {
    const inner = services[port as keyof Services] as unknown as Record<
      string,
      (...args: unknown[]) => Promise<unknown>
    >;
    const outer: Record<string, unknown> = Object.create(inner);
    for (const key of Object.keys(inner)) {
      const verb = inner[key];
      if (typeof verb === 'function') outer[key] = verb.bind(inner);
    }
    for (const verb of verbs) {
      outer[verb] = async (...args: unknown[]) => {
        const point = `${port}.${verb}${port === 'store' ? ` ${typesOf(args[0] as Commit)}` : ''}`;
        reached(`before ${point}`);
        const answer = await inner[verb]!(...args);
        reached(`after ${point}`);
        return answer;
      };
    }
    wrapped[port] = outer;
  }
  return wrapped as unknown as Services;
}

const typesOf = (commit: Commit): string => commit.events.map((event) => event.type).join('+');
