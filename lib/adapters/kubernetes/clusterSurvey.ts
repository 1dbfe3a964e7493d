import { inLanes } from '../../async/lanes.ts';
import type { ClusterSurvey, LeftSecret } from '../../ports/clusters.ts';
import { type HttpClient, NetError } from '../net/http.ts';
import { type KubernetesApi, kubernetesApi } from './client.ts';
import { explained } from './clusterProbe.ts';
import { FAO } from './secret.ts';
import { KubernetesError, record } from './status.ts';

/** Metadata alone: no Secret's contents leave the cluster. */
const ONE = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const MANY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** Secrets of a page: their metadata stays well below what is read of one answer. */
const PAGE = 200;

/** So many Secrets of one namespace, or namespaces, are asked for one by one rather than listed. */
const FEW = 3;
const FEW_NAMESPACES = 10;

/** Requests that are under way at once. */
const LANES = 10;

/**
 * Looks at many Secrets by their metadata: in lists of those with the label that each of ours has, where `list` is allowed, and else one by one. What a
 * list does not have is asked for by its name, so that a label that somebody took off makes nothing missing.
 */
export function clusterSurvey(options: { http: HttpClient }): ClusterSurvey {
  return {
    survey: async (access, left) => {
      const api = kubernetesApi(options.http, access);
      try {
        return await survey(api, left);
      } catch (error) {
        throw explained(error, access);
      }
    },
  };
}

/** uid and resourceVersion, by namespace and name. */
type Seen = Map<string, string>;
type Place = Pick<LeftSecret, 'namespace' | 'secretName'>;

const placeOf = ({ namespace, secretName }: Place): string => `${namespace}/${secretName}`;
const stateOf = (uid: unknown, resourceVersion: unknown): string => `${uid} ${resourceVersion}`;

async function survey<T extends LeftSecret>(api: KubernetesApi, left: readonly T[]) {
  const seen = await listed(api, left);
  const forbidden = new Set<string>();
  const lookedAt = async (one: T): Promise<void> => {
    const place = placeOf(one);
    if (seen.has(place)) return;
    const state = await lookAt(api, one);
    if (state === 'forbidden') forbidden.add(place);
    else if (state !== undefined) seen.set(place, state);
  };
  await inLanes(left, lookedAt, LANES);
  const isAsLeft = (one: T): boolean => seen.get(placeOf(one)) === stateOf(one.objectUid, one.resourceVersion);
  const changed = left.filter((one) => !forbidden.has(placeOf(one)) && !isAsLeft(one));
  return { changed, unseen: forbidden.size };
}

/** What lists show: of all namespaces at once where there are many, else of each that holds more than a few. */
async function listed(api: KubernetesApi, left: readonly Place[]): Promise<Seen> {
  const seen: Seen = new Map();
  const counts = new Map<string, number>();
  for (const { namespace } of left) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  if (counts.size > FEW_NAMESPACES && (await list(api, '/api/v1/secrets', seen))) return seen;
  const many = [...counts].filter(([, count]) => count > FEW).map(([namespace]) => namespace);
  const pathOf = (namespace: string): string => `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  await inLanes(many, (namespace) => list(api, pathOf(namespace), seen), LANES);
  return seen;
}

/** Reads a list to its end. @returns whether it could: what is missing then is asked for one by one */
async function list(api: KubernetesApi, path: string, seen: Seen): Promise<boolean> {
  const selected = { labelSelector: `${FAO}=true`, limit: String(PAGE) };
  for (let from = ''; ; ) {
    try {
      const query = { ...selected, ...(from && { continue: from }) };
      const { metadata, items } = await api({ method: 'GET', path, query, accept: MANY });
      for (const item of Array.isArray(items) ? items : []) note(seen, record(record(item).metadata));
      from = String(record(metadata).continue ?? '');
    } catch (error) {
      if (isUnlisted(error)) return false;
      throw error;
    }
    if (from === '') return true;
  }
}

function note(seen: Seen, { namespace, name, uid, resourceVersion }: Record<string, unknown>): void {
  seen.set(placeOf({ namespace: String(namespace), secretName: String(name) }), stateOf(uid, resourceVersion));
}

/** Not allowed, or the list's place in time is gone, or it is too large an answer. */
const isUnlisted = (error: unknown): boolean =>
  (error instanceof KubernetesError && (error.status === 403 || error.status === 410)) ||
  (error instanceof NetError && error.code === 'BodyTooLarge');

/** One Secret as it stands; undefined where there is none. */
async function lookAt(api: KubernetesApi, { namespace, secretName }: Place): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(secretName)}`;
  try {
    const { uid, resourceVersion } = record((await api({ method: 'GET', path, accept: ONE })).metadata);
    return stateOf(uid, resourceVersion);
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    if (error.status === 403) return 'forbidden';
    if (error.reason === 'NotFound') return undefined;
    throw error;
  }
}
