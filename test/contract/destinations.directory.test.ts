import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { directoryDestinations } from '../../lib/adapters/directory/destinations.ts';
import type { Destination } from '../../lib/domain/destination.ts';
import { tempDir } from '../support/temp.ts';
import { destinationsContract, type Shown } from './destinations.ts';

const NAMES = { certificate: 'tls.crt', key: 'tls.key', ca: 'ca.crt' } as const;
type Part = keyof typeof NAMES;
const parts = Object.keys(NAMES) as Part[];

destinationsContract('A directory', async () => {
  const root = tempDir('directory');
  let places = 0;
  const file = (at: Destination, part: Part) => join((at as { path: string }).path, NAMES[part]);
  return {
    destinations: directoryDestinations({ roots: [root] }),
    place: () => ({ kind: 'directory', path: join(root, `place-${places++}`, 'tls') }),
    shown: async (at) => {
      const shown = Object.fromEntries(
        parts.filter((part) => existsSync(file(at, part))).map((part) => [part, readFileSync(file(at, part), 'utf8')]),
      ) as Shown;
      return Object.keys(shown).length > 0 ? shown : undefined;
    },
    occupy: async (at, contents) => {
      mkdirSync((at as { path: string }).path, { recursive: true });
      for (const part of parts) writeFileSync(file(at, part), contents[part] as string);
    },
    // As an editor or a copy does: a file of its own in place of the link, or written through it.
    tamper: async (at, change) => {
      if (change.key !== undefined) writeFileSync(file(at, 'key'), change.key);
      if (change.certificate === undefined) return;
      if (lstatSync(file(at, 'certificate')).isSymbolicLink()) {
        writeFileSync(`${file(at, 'certificate')}.new`, change.certificate);
        renameSync(`${file(at, 'certificate')}.new`, file(at, 'certificate'));
      }
    },
    remove: async (at) => rmSync((at as { path: string }).path, { recursive: true }),
    close: async () => {},
  };
});
