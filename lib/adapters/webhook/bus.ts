import { type Bus, type BusEvent, EventRefused } from '../../ports/bus.ts';
import { ThrottledError } from '../../ports/throttled.ts';
import { type HttpClient, NetError } from '../net/http.ts';

export interface WebhookBusOptions {
  readonly http: HttpClient;
  readonly url: string;
  /** What the events say that they come from. */
  readonly source: string;
  /** The bearer token as it is now. */
  readonly token?: () => Promise<string>;
}

const TIMEOUT = 10_000;
/** The answer's body is not read for anything. */
const MAX_BYTES = 64 * 1024;

/** The receiver has read the event and does not want it. All other answers may be a matter of time, or of somebody's care. */
const REFUSED: readonly number[] = [400, 413, 422];
const SLOWER: readonly number[] = [429, 503];

/**
 * Somebody's HTTP service as a bus: a POST an event, one after another, as CloudEvents 1.0 in JSON (`application/cloudevents+json`). Any 2xx
 * says that the event was taken. Errors name the receiver without its path, which may be a secret, and nothing of its answer.
 */
export function webhookBus(options: WebhookBusOptions): Bus {
  return {
    async publish(events) {
      for (const event of events) judge(new URL(options.url).origin, await post(options, event));
    },
  };
}

function judge(receiver: string, status: number): void {
  if (status >= 200 && status < 300) return;
  const message = `the webhook at ${receiver} answered ${status}`;
  if (REFUSED.includes(status)) throw new EventRefused(message);
  throw SLOWER.includes(status) ? new ThrottledError(message) : new Error(message);
}

async function post({ http, url, source, token }: WebhookBusOptions, event: BusEvent): Promise<number> {
  const { id, type, at, team, name } = event;
  const envelope = {
    specversion: '1.0',
    id,
    source,
    type,
    time: at,
    subject: `${team}/${name}`,
    datacontenttype: 'application/json',
    data: event,
  };
  const authorization = token && `Bearer ${await token()}`;
  try {
    const { status } = await http.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/cloudevents+json', ...(authorization && { authorization }) },
      body: JSON.stringify(envelope),
      timeout: TIMEOUT,
      maxBytes: MAX_BYTES,
      // Whoever takes an event twice knows it by its id.
      idempotent: true,
    });
    return status;
  } catch (error) {
    if (!(error instanceof NetError)) throw error;
    throw new Error(`the webhook at ${new URL(url).origin} cannot be reached (${error.code})`);
  }
}
