import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/peers/paths.ts';

/** The text of files and of the files in folders, by paths from the root of the repository. */
export const sourceOf = (...paths: readonly string[]): string =>
  paths
    .flatMap((path) =>
      path.endsWith('.ts') ? [path] : readdirSync(join(repository, path)).map((file) => join(path, file)),
    )
    .map((file) => readFileSync(join(repository, file), 'utf8'))
    .join('\n');
