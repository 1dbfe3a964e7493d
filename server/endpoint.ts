import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the embedded service of a data folder listens. */
export interface Endpoint {
  readonly url: string;
  /** Path of a PEM file with the root that signed the service's certificate; absent for plain HTTP. */
  readonly ca?: string;
  /** Process that serves. It may be gone: whoever connects finds out. */
  readonly pid: number;
}

const endpointFile = (folder: string): string => join(folder, 'endpoint.json');

/** The endpoint that `folder` names, or undefined when no service runs there. Takes no lock. */
export function readEndpoint(folder: string): Endpoint | undefined {
  try {
    const { url, ca, pid } = JSON.parse(readFileSync(endpointFile(folder), 'utf8'));
    if (typeof url !== 'string' || typeof pid !== 'number') return undefined;
    return { url, pid, ...(typeof ca === 'string' ? { ca } : {}) };
  } catch {
    // Absent, not ours to read, or half of a file: in every case there is nothing to connect to.
    return undefined;
  }
}

/** Writes the endpoint, whole and mode 0600. Only the process that holds the folder's lock does this. */
export function writeEndpoint(folder: string, endpoint: Endpoint): void {
  writeWhole(endpointFile(folder), endpoint);
}

/** Removes the endpoint; absent is no error. */
export function removeEndpoint(folder: string): void {
  rmSync(endpointFile(folder), { force: true });
}

/** Writes `value` as JSON in a file that is there whole or not at all, mode 0600. */
export function writeWhole(path: string, value: unknown): void {
  writeWholeText(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** As {@link writeWhole}, for a text. */
export function writeWholeText(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}
