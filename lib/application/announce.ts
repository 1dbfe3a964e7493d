import type { Bus } from '../ports/bus.ts';
import type { Commit } from '../ports/eventStore.ts';
import { busEvents, mayTell } from './busEvents.ts';
import type { PublicEvent } from './schema/busEvent.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'store'>;

/**
 * Tells the bus what the commits have to tell, in their order. What was told before is told again under the same ids.
 * @throws what the bus throws; then all are to be announced again
 */
export async function announce(services: Needs & { readonly bus: Bus }, commits: readonly Commit[]): Promise<void> {
  const events: PublicEvent[] = [];
  for (const commit of commits) events.push(...(await eventsFor(services, commit)));
  if (events.length > 0) await services.bus.publish(events);
}

/** Commits read back at first. Nearly always that is enough; then more, and at last all. */
const FIRST_READ = 16;

/** What a commit tells. Its past is read only as far back as it takes to know whose it is. */
async function eventsFor({ store }: Needs, commit: Commit): Promise<readonly PublicEvent[]> {
  if (!mayTell(commit)) return [];
  const { stream, version } = commit;
  for (let size = FIRST_READ; ; size *= 16) {
    const after = Math.max(0, version - 1 - size);
    const earlier = version === 1 ? [] : await store.commits(stream, after, version - 1 - after);
    const told = busEvents(commit, earlier, after === 0);
    if (told !== 'incomplete') return told;
    // Every stream begins with what says whose it is; one that does not is nobody's.
    if (after === 0) return [];
  }
}
