import { type Destination, destinationKey } from '../../domain/destination.ts';
import { fieldOf } from '../../domain/fieldPath.ts';
import type { Findings } from '../../domain/inputInvalid.ts';
import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { DestinationInput } from './certificate.ts';

/** Destinations with their defaults; two that are the same place are refused. */
export function normalizeDestinations(
  inputs: readonly DestinationInput[],
  defaults: { readonly namespace: string; readonly secretName: string },
  at: string,
  findings: Findings,
): Destination[] {
  const seen = new Map<string, Destination>();
  inputs.forEach((input, index) => {
    const field = fieldOf(at, index);
    const destination = findings.attempt(() => normalizeDestination(input, defaults, field));
    if (!destination) return;
    const key = destinationKey(destination);
    if (seen.has(key))
      findings.add(field, 'DuplicateDestination', 'is the same place as an earlier entry', 'remove one');
    else seen.set(key, destination);
  });
  return [...seen.values()];
}

function normalizeDestination(
  input: DestinationInput,
  defaults: { readonly namespace: string; readonly secretName: string },
  field: string,
): Destination {
  const { kind, cluster, namespace, secretName, adopt, directory, path = directory } = input;
  const isDirectory = path !== undefined && cluster === undefined && kind !== 'kubernetes';
  const isCluster = path === undefined && cluster !== undefined && kind !== 'directory';
  const extra = isDirectory && (namespace ?? secretName ?? adopt) !== undefined;
  if ((!isDirectory && !isCluster) || extra || (directory !== undefined && path !== directory)) {
    throw new Refusal('InvalidDestination', 'must be a Secret in a cluster or a directory, and not a mixture', {
      field,
      remedy: 'write {cluster, namespace, secretName} or {directory}',
    });
  }
  if (isDirectory) return { kind: 'directory', path: normalizeDirectory(path, field) };
  const place = {
    cluster: cluster!,
    namespace: namespace ?? defaults.namespace,
    secretName: secretName ?? defaults.secretName,
  };
  return { kind: 'kubernetes', ...place, ...(adopt && { adopt }) };
}

/** An absolute POSIX path that names one place in one way: no `.` and `..`, no doubled slash, none at the end. */
export function normalizeDirectory(path: string, field: string): string {
  const steps = path.split('/').slice(1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  const unreadable = /[\u0000-\u001f\u007f]/.test(path) || !path.isWellFormed() || path.length > 1024;
  if (!path.startsWith('/') || unreadable || steps.some((step) => step === '..' || step === '.')) {
    throw new Refusal('InvalidDirectory', `${quoted(path)} is not an absolute path without . and ..`, { field });
  }
  return `/${steps.filter((step) => step !== '').join('/')}`;
}
