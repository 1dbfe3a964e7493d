import { readFileSync } from 'node:fs';
import { directoryDestinations } from '../../lib/adapters/directory/destinations.ts';
import type { SecretContents } from '../../lib/ports/destinations.ts';

/*
 * A process to be killed: pushes the sets of a JSON file to a directory in turn, and writes each answer to stdout as a line.
 * Arguments: root, path, file of contents, number of pushes.
 */
const [root, path, file, count] = process.argv.slice(2) as [string, string, string, string];
const sets = JSON.parse(readFileSync(file, 'utf8')) as SecretContents[];
const destinations = directoryDestinations({ roots: [root] });
for (let i = 0; i < Number(count); i++) {
  const contents = sets[i % sets.length] as SecretContents;
  const context = { instance: 'here', certificate: 'team/app' };
  console.log(JSON.stringify(await destinations.push({ kind: 'directory', path }, contents, context)));
}
