import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { busSource } from '../lib/adapters/eventbridge/policy.ts';
import { webhookBus } from '../lib/adapters/webhook/bus.ts';
import { announce } from '../lib/application/announce.ts';
import { mayTell } from '../lib/application/busEvents.ts';
import { secondsBetween } from '../lib/domain/time.ts';
import { type Bus, EventRefused } from '../lib/ports/bus.ts';
import type { FeedRecord } from '../lib/ports/feed.ts';
import type { Composed } from './compose.ts';

/** Who is told of public events, and the file with the bearer token that they are told with. */
export interface NotifyOptions {
  readonly urls: readonly string[];
  readonly tokenFile?: string;
}

/** Seconds that an event is worth telling for. What nobody took by then is given up. */
const WORTH_TELLING = 24 * 3600;

/** Streams of which a receiver is told at the same time. */
const LANES = 4;

/**
 * Tells every receiver of public events. Each reads the ledger's feed from a checkpoint of its own: the ledger is the queue, so nothing waits for
 * a receiver that is away, and a restart goes on where it ended. Before the feed is started.
 */
export function notify({ services, feed, http }: Composed, { urls, tokenFile }: NotifyOptions): void {
  const token = tokenFile === undefined ? undefined : async () => (await readFile(tokenFile, 'utf8')).trim();
  for (const url of urls) {
    const bus = webhookBus({ http, url, source: busSource(services.instance), ...(token && { token }) });
    const consumer = `notify:${createHash('sha256').update(url).digest('hex').slice(0, 16)}`;
    feed.subscribe(consumer, teller(services, bus, new URL(url).origin), { lanes: LANES });
  }
}

/** Tells of one commit; throws while the receiver does not take it, and the feed comes again. */
function teller({ store, clock, log }: Composed['services'], bus: Bus, receiver: string) {
  const waiting = new Set<number>();
  return async ({ commit, position }: FeedRecord): Promise<void> => {
    if (!mayTell(commit)) return;
    const { stream, version, at } = commit;
    if (secondsBetween(at, clock.now()) > WORTH_TELLING) {
      // A new receiver need not hear of what is long past.
      if (waiting.delete(position)) log.error('notify: given up after a day', { receiver, stream, version });
      return;
    }
    try {
      await announce({ store, bus }, [commit]);
    } catch (error) {
      if (!(error instanceof EventRefused)) {
        waiting.add(position);
        throw error;
      }
      log.error('notify: an event was refused', { receiver, stream, version, error: error.message });
    }
    waiting.delete(position);
  };
}
