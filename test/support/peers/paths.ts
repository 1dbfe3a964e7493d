import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** The root of this repository. */
export const repository = resolve(import.meta.dirname, '../../..');

/** Where built peers stay between runs; ignored by git. */
export const cache = join(repository, '.cache', 'peers');

/** The path of a program on PATH or where system servers live, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/go/bin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Whether the file exists and may be run. */
function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
