import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { type Bus, type BusEvent, EventRefused } from '../../ports/bus.ts';
import { LeftForLater, type Patience, patiently } from '../dynamodb/patience.ts';

export interface EventBridgeOptions {
  /** Name or ARN. */
  readonly bus: string;
  /** What rules know our events by. */
  readonly source: string;
  readonly patience?: Patience;
}

/** Entries of one call. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MOST = 10;

/** Codes of single entries that time cures. */
const PASSING: ReadonlySet<string> = new Set(['ThrottlingException', 'InternalFailure', 'InternalException']);

/**
 * A bus of EventBridge. `type` is the detail-type, and the detail is the event whole. A call can succeed for some entries and fail for others:
 * those are put again, after the pauses that the bus needs.
 */
export function eventBridgeBus(client: Pick<EventBridgeClient, 'send'>, options: EventBridgeOptions): Bus {
  const { bus, source, patience } = options;
  const entry = (event: BusEvent): PutEventsRequestEntry => ({
    EventBusName: bus,
    Source: source,
    DetailType: event.type,
    Time: new Date(event.at),
    Detail: JSON.stringify(event),
  });
  return {
    async publish(events) {
      for (let from = 0; from < events.length; from += MOST) {
        let left = events.slice(from, from + MOST).map(entry);
        const putLeft = async (): Promise<void> => {
          const { Entries: answers = [] } = await client.send(new PutEventsCommand({ Entries: left }));
          const codes = left.map((_, index) => answers[index]?.ErrorCode);
          const lasting = codes.find((code) => code !== undefined && !PASSING.has(code));
          if (lasting !== undefined) throw new EventRefused(`EventBridge does not take an event: ${lasting}`);
          left = left.filter((_, index) => codes[index] !== undefined);
          if (left.length > 0) throw new LeftForLater(`EventBridge left ${left.length} events for later`);
        };
        await patiently(putLeft, patience, 'EventBridge');
      }
    },
  };
}
