import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { DestinationInput } from '../schema/certificate.ts';

/** Says on a cert-manager Certificate where its copies go. */
export const DESTINATIONS_ANNOTATION = 'chancery.dev/destinations';

const DIRECTORY = 'directory:';
const SECRETS_MANAGER = 'secretsManager:';
const ADOPT = '?adopt=true';

/**
 * Reads the annotation: places with commas between them, each `cluster`, `cluster/namespace`, `cluster/namespace/secretName` (with
 * `?adopt=true` at its end to take over a Secret that something else made), `directory:` and an absolute path without a comma,
 * or `secretsManager:` and a secret's name, with `?region=REGION&roleArn=ARN` where it lies elsewhere. What is left out has the spec's defaults. An empty text is no destination.
 * @throws Refusal `InvalidDestination`
 */
export function parseDestinations(text: string, field: string): DestinationInput[] {
  const places = text.split(',').map((place) => place.trim());
  return places.filter((place) => place !== '').map((place) => parseDestination(place, field));
}

function parseDestination(place: string, field: string): DestinationInput {
  if (place.startsWith(DIRECTORY)) return { directory: place.slice(DIRECTORY.length) };
  if (place.startsWith(SECRETS_MANAGER)) return parseSecret(place.slice(SECRETS_MANAGER.length), place, field);
  const adopt = place.endsWith(ADOPT);
  const parts = (adopt ? place.slice(0, -ADOPT.length) : place).split('/');
  if (parts.length > 3 || parts.includes('') || parts.some((part) => /[\s?:]/.test(part))) {
    throw noDestination(place, field);
  }
  const [cluster, namespace, secretName] = parts;
  return { cluster, ...(namespace && { namespace }), ...(secretName && { secretName }), ...(adopt && { adopt }) };
}

function parseSecret(text: string, place: string, field: string): DestinationInput {
  const [name, query, ...rest] = text.split('?');
  const members = (query?.split('&') ?? []).map((member) => member.split('='));
  const known = members.every(([key, value]) => (key === 'region' || key === 'roleArn') && value);
  if (!known || rest.length > 0 || query === '') throw noDestination(place, field);
  return {
    kind: 'secretsManager',
    ...(name && { name }),
    ...Object.fromEntries(members.map(([k, ...v]) => [k, v.join('=')])),
  };
}

const noDestination = (place: string, field: string): Refusal =>
  new Refusal('InvalidDestination', `${quoted(place)} is not a destination`, {
    field,
    remedy: 'write cluster/namespace/secretName, directory:/path or secretsManager:name, with commas between several',
  });
