import type { Timeline, TimelineEvent } from './answers.ts';
import { certificatePath } from './certificates.ts';
import type { Client } from './client.ts';

/** Seconds that the service may hold a request for events. It takes at most 25. */
const LONGEST_POLL = 20;
const ANSWER_WITHIN = 30_000;
const PAGE = 500;

/** What happened since `after` (from the beginning without it), to the end, and where that is. */
export async function readTimeline(client: Client, team: string, name: string, after?: string): Promise<Timeline> {
  const events: TimelineEvent[] = [];
  let cursor = after;
  for (;;) {
    const page = await look(client, team, name, cursor, 0);
    events.push(...page.events);
    if (page.cursor === cursor) return { events, cursor };
    cursor = page.cursor;
  }
}

/** Waits for what happens after `after`: an answer comes as soon as there is something, or when `seconds` are over. */
export const followTimeline = (
  client: Client,
  team: string,
  name: string,
  after: string | undefined,
  seconds = LONGEST_POLL,
): Promise<Timeline> => look(client, team, name, after, Math.min(seconds, LONGEST_POLL));

async function look(
  client: Client,
  team: string,
  name: string,
  after: string | undefined,
  wait: number,
): Promise<Timeline> {
  const query = { after, limit: PAGE, ...(wait > 0 && { wait }) };
  const timeout = wait * 1000 + ANSWER_WITHIN;
  return (await client.request<Timeline>('GET', certificatePath(team, name, 'events'), { query, timeout })).body;
}
