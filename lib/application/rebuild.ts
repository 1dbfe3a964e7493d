import { inLanes } from '../async/lanes.ts';
import { SHARED } from '../domain/issuer.ts';
import { projectOrPark, TEAMS } from './projections.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'store' | 'log'>;

const PAGE = 500;

/** Stands among the views while they are made anew, and says how far that came. */
const UNDER_WAY = { view: 'rebuild', key: 'under way' } as const;

export interface RebuildOptions {
  /** Goes on where an earlier one was ended, instead of dropping all rows first. */
  readonly resume?: boolean;
  /** Asked after each page: whether there is time for another. */
  readonly more?: () => boolean;
  /** Told how many streams were read so far. */
  readonly progress?: (streams: number) => void;
}

export interface Rebuilt {
  /** Streams that were read, those of the turns before among them. */
  readonly streams: number;
  /** False where the time was up first: another turn with `resume` goes on. */
  readonly done: boolean;
}

/** Makes every view anew from the ledger. The feed may go on meanwhile: a row is made from its stream's newest state, whoever makes it. */
export async function rebuild(services: Needs, options: RebuildOptions = {}): Promise<Rebuilt> {
  const { views, store } = services;
  const { resume = false, more = () => true, progress = () => {} } = options;
  let { after, streams, turn } = (resume && (await underWay(services))) || (await begun(services));
  for (;;) {
    const page = await store.streams('', PAGE, after);
    await inLanes(page, (stream) => projectOrPark(services, stream));
    streams += page.length;
    after = page.at(-1) ?? after;
    turn++;
    if (page.length < PAGE) break;
    await views.put({ ...UNDER_WAY, version: turn, owner: SHARED, doc: { after, streams } });
    progress(streams);
    if (!more()) return { streams, done: false };
  }
  progress(streams);
  await views.remove(UNDER_WAY.view, UNDER_WAY.key, turn + 1);
  return { streams, done: true };
}

interface Place {
  readonly after: string | undefined;
  readonly streams: number;
  /** Version of the row that says so. */
  readonly turn: number;
}

async function begun({ views }: Needs): Promise<Place> {
  await views.clear();
  const place = { after: undefined, streams: 0, turn: 1 };
  await views.put({ ...UNDER_WAY, version: place.turn, owner: SHARED, doc: { streams: 0 } });
  return place;
}

async function underWay({ views }: Pick<Needs, 'views'>): Promise<Place | undefined> {
  const row = await views.get(UNDER_WAY.view, UNDER_WAY.key);
  if (!row) return undefined;
  const { after, streams } = row.doc as { after?: string; streams: number };
  return { after, streams, turn: row.version };
}

/** Whether a rebuild goes on, or was cut off. */
export const isRebuilding = async (services: Pick<Needs, 'views'>): Promise<boolean> =>
  (await underWay(services)) !== undefined;

/** Whether a rebuild was cut off: the feed would never bring back the rows that it dropped. */
export async function rebuildWasCut({ views, store }: Pick<Services, 'views' | 'store'>): Promise<boolean> {
  if (await isRebuilding({ views })) return true;
  const teams = await store.streams('team/', 1);
  return teams.length > 0 && (await views.count(TEAMS, {})) === 0;
}
