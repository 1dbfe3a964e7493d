import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { DestinationInput } from '../schema/certificate.ts';

/** Says on a cert-manager Certificate where its copies go. */
export const DESTINATIONS_ANNOTATION = 'chancery.dev/destinations';

const DIRECTORY = 'directory:';
const ADOPT = '?adopt=true';

/**
 * Reads the annotation: places with commas between them, each `cluster`, `cluster/namespace`, `cluster/namespace/secretName` (with
 * `?adopt=true` at its end to take over a Secret that something else made), or `directory:` and an absolute path without a comma.
 * What is left out has the spec's defaults. An empty text is no destination.
 * @throws Refusal `InvalidDestination`
 */
export function parseDestinations(text: string, field: string): DestinationInput[] {
  const places = text.split(',').map((place) => place.trim());
  return places.filter((place) => place !== '').map((place) => parseDestination(place, field));
}

function parseDestination(place: string, field: string): DestinationInput {
  if (place.startsWith(DIRECTORY)) return { directory: place.slice(DIRECTORY.length) };
  const adopt = place.endsWith(ADOPT);
  const parts = (adopt ? place.slice(0, -ADOPT.length) : place).split('/');
  if (parts.length > 3 || parts.includes('') || parts.some((part) => /[\s?:]/.test(part))) {
    throw new Refusal('InvalidDestination', `${quoted(place)} is not a destination`, {
      field,
      remedy: 'write cluster/namespace/secretName or directory:/path, with commas between several',
    });
  }
  const [cluster, namespace, secretName] = parts;
  return { cluster, ...(namespace && { namespace }), ...(secretName && { secretName }), ...(adopt && { adopt }) };
}
