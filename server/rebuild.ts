import { rebuild } from '../lib/application/rebuild.ts';
import { type ComposeOptions, compose } from './compose.ts';
import { openDataFolder } from './dataFolder.ts';

/** What a rebuild needs. */
export interface RebuildOptions extends Pick<ComposeOptions, 'version' | 'keyFile' | 'log'> {
  /** Path of the data folder. */
  readonly data: string;
}

/**
 * Makes every view of a data folder anew from its ledger, while no service runs on it.
 * @param progress is told how many streams were read so far
 * @returns how many streams there are
 * @throws Refusal for a data folder that cannot be used, one that a service runs on among them
 */
export async function rebuildViews(options: RebuildOptions, progress: (streams: number) => void): Promise<number> {
  const folder = openDataFolder(options.data);
  try {
    const composed = await compose({ ...options, folder, allow: [], directoryRoots: [] });
    try {
      return (await rebuild(composed.services, { progress })).streams;
    } finally {
      await composed.close();
    }
  } finally {
    folder.release();
  }
}
