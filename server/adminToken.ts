import { readFileSync } from 'node:fs';
import type { Services } from '../lib/application/services.ts';
import { authenticate, issueToken } from '../lib/application/tokens.ts';
import { Refusal } from '../lib/domain/refusal.ts';
import { plusSeconds } from '../lib/domain/time.ts';
import { writeWholeText } from './endpoint.ts';

const DAY = 24 * 3600;
const LIFETIME = 365 * DAY;
/** What a start still counts on: a token that ends sooner is replaced by it. */
const LEFT = 30 * DAY;

type Needs = Pick<Services, 'ledger' | 'clock' | 'ids'>;

/**
 * The administrator's token in `file` (mode 0600), made when there is none. One that holds no more, or not for another 30 days, is replaced:
 * whoever may read the data folder is the administrator, and must not be locked out of it after a year.
 */
export async function adminToken(services: Needs, file: string): Promise<void> {
  const found = readToken(file);
  if (found !== undefined && (await holds(services, found))) return;
  const now = services.clock.now();
  const description = found === undefined ? 'made at the first start' : 'made at a start, for one that ended';
  const request = { team: '*', verbs: ['admin'] as const, expires: plusSeconds(now, LIFETIME), description };
  writeWholeText(file, `${(await issueToken(services, request)).token}\n`);
}

function readToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function holds({ ledger, clock }: Needs, token: string): Promise<boolean> {
  try {
    await authenticate({ ledger, clock: { now: () => plusSeconds(clock.now(), LEFT) } }, token);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
