import { redrive } from '../../../lib/application/redrive.ts';
import { parse } from '../../../lib/application/schema/parse.ts';
import { redriveBody, redrivePlace } from '../../../lib/application/schema/redrive.ts';
import { decodeCursor, encodeCursor, invalidCursor } from '../cursor.ts';
import type { Answer, Call, Route } from '../route.ts';

const KIND = 'redrive';
const FIELD = 'cursor';

async function redriveTurn({ services, options, body }: Call): Promise<Answer> {
  const { cursor } = parse(redriveBody, body ?? {});
  const { deadLetters } = options;
  // Embedded, the feed gives nothing up: what fails waits, and is tried until it is done.
  if (!deadLetters) return { status: 200, json: { queue: false, letters: 0, unknown: 0, streams: 0, failed: [] } };
  const place = cursor === undefined ? undefined : placeOf(cursor);
  const { next, ...done } = await redrive({ ...services, deadLetters }, place);
  return { status: 200, json: { queue: true, ...done, ...(next && { cursor: encodeCursor(KIND, next) }) } };
}

function placeOf(cursor: string) {
  const { success, data } = redrivePlace.safeParse(decodeCursor(KIND, cursor, FIELD));
  if (!success) throw invalidCursor(FIELD);
  return data;
}

export const redriveRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/redrive',
    operation: 'redrive',
    tag: 'service',
    summary: 'Work off dead letters, turn by turn',
    description:
      "What the feed's readers gave up is handed to them again, from the ledger, and the letters that told of it are removed. An answer with a cursor is not the last.",
    access: { team: '*', verb: 'admin' },
    body: { schema: 'RedriveInput', required: false },
    answers: { 200: { description: 'What this turn did, and where to go on.', schema: 'Redriven' } },
    handle: redriveTurn,
  },
];
