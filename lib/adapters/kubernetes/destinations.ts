import type { Destination, KubernetesDestination } from '../../domain/destination.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { ClusterLookup } from '../../ports/clusters.ts';
import type { Destinations, PushContext, PushResult, SecretContents } from '../../ports/destinations.ts';
import type { HttpClient } from '../net/http.ts';
import { failed, refused, type Unsuccessful } from '../pushResults.ts';
import { type KubernetesApi, kubernetesApi } from './client.ts';
import { immutable, outcomeOf, wrongType } from './outcomes.ts';
import {
  type ApplyOptions,
  applyConfiguration,
  differingEntries,
  type FoundSecret,
  fingerprintOf,
  foundSecret,
  holdsCertificate,
  isOurs,
  keyIsAnothers,
  observed,
  ownerOf,
  type Precondition,
  staleEntries,
} from './secret.ts';
import { KubernetesError } from './status.ts';

/**
 * Secrets of type kubernetes.io/tls in registered clusters, written by server-side apply.
 *
 * The steady state is one request: what the last push left is the precondition (uid and resourceVersion), so nothing is read before.
 * Only when the precondition fails is the object read, once, and what is found decides. `context.known` must come from an object that was
 * ours: as long as it is exactly that one, its fields are taken without asking who co-owns them.
 */
export function kubernetesDestinations(options: { http: HttpClient; lookup: ClusterLookup }): Destinations {
  const api = async (to: KubernetesDestination) => kubernetesApi(options.http, await options.lookup(to.cluster));
  return {
    push: async (to, contents, context) => {
      try {
        const destination = kubernetesOnly(to);
        return await push({ api: await api(destination), to: destination, contents, context });
      } catch (error) {
        return outcomeOf(error, to);
      }
    },
    observe: async (to, context, expected) => {
      const destination = kubernetesOnly(to);
      const found = await read(await api(destination), destination);
      if (!found) return undefined;
      return {
        ...observed(found, context.instance),
        ...(expected && { differing: differingEntries(found, expected) }),
      };
    },
    withdraw: async (to, context) => {
      try {
        const destination = kubernetesOnly(to);
        return await withdraw(await api(destination), destination, context);
      } catch (error) {
        return outcomeOf(error, to);
      }
    },
  };
}

/** One push on its way. */
interface Push {
  readonly api: KubernetesApi;
  readonly to: KubernetesDestination;
  readonly contents: SecretContents;
  readonly context: PushContext;
}

async function push(job: Push): Promise<PushResult> {
  const { known } = job.context;
  const precondition: Precondition = known
    ? { uid: known.objectUid, resourceVersion: known.resourceVersion }
    : 'absent';
  // Without a key (CSR mode) the requester may own tls.key: then a conflict is wanted, and the object is read.
  const force = known !== undefined && job.contents.key !== undefined;
  const first = await apply(job, precondition, force);
  if (first !== 'stale') return confirmed(job, first);

  const found = await read(job.api, job.to);
  const second = found ? await overwrite(job, found) : await apply(job, 'absent', false);
  if (second === 'stale') return failed('now', 'Conflict', `${nameOf(job.to)} changed while it was written.`);
  return 'outcome' in second ? second : confirmed(job, second);
}

/** Applies over an object that was read, if it may be. An adopted one is rid of what its former certificate left. */
async function overwrite(job: Push, found: FoundSecret): Promise<FoundSecret | 'stale' | Unsuccessful> {
  const objection = objectionTo(found, job);
  if (objection) return objection;
  const leaveKey = job.contents.key === undefined && keyIsAnothers(found, managerOf(job.context));
  const blank = isOurs(found, job.context.instance) ? [] : staleEntries(found, job.contents);
  if (blank.length === 0) return apply(job, found, true, { leaveKey });
  // An apply removes only what its own manager alone owns: take the entries first, then leave them out.
  const taken = await apply(job, found, true, { leaveKey, blank });
  return taken === 'stale' ? taken : apply(job, taken, true, { leaveKey });
}

function objectionTo(found: FoundSecret, { to, context }: Push): Unsuccessful | undefined {
  if (found.type !== 'kubernetes.io/tls') return refused('WrongType', wrongType(nameOf(to)));
  if (!isOurs(found, context.instance) && !to.adopt) {
    const advice = 'set adopt: true on the destination to take it over, or choose another secretName';
    return refused('NotOwned', `${nameOf(to)} belongs to ${ownerOf(found)}: ${advice}.`);
  }
  if (found.immutable) return refused('Immutable', immutable(nameOf(to)));
  if (found.deleting) return failed('backoff', 'BeingDeleted', `${nameOf(to)} is being deleted.`);
  return undefined;
}

async function apply(
  { api, to, contents, context }: Push,
  precondition: Precondition,
  force: boolean,
  options: ApplyOptions = {},
): Promise<FoundSecret | 'stale'> {
  const wanted =
    precondition === 'absent' ? precondition : { uid: precondition.uid, resourceVersion: precondition.resourceVersion };
  try {
    const answer = await api({
      method: 'PATCH',
      path: pathOf(to),
      query: { fieldManager: managerOf(context), ...(force ? { force: 'true' } : {}) },
      contentType: 'application/apply-patch+yaml',
      body: applyConfiguration(to, contents, context, wanted, options),
    });
    return foundSecret(answer);
  } catch (error) {
    if (isStale(error)) return 'stale';
    throw error;
  }
}

/** The object is not the one that the precondition named: 409, or 422 where only the uid differs. */
const isStale = (error: unknown): boolean =>
  error instanceof KubernetesError &&
  (error.status === 409 || (error.status === 422 && error.causes.some((cause) => cause.field === 'metadata.uid')));

/** Compares the stored object with what was sent: an admission webhook may have changed it. */
function confirmed({ to, contents, context }: Push, stored: FoundSecret): PushResult {
  const differing = differingEntries(stored, contents);
  const fingerprint = fingerprintOf(stored);
  if (differing.length > 0 || fingerprint !== contents.fingerprint || !isOurs(stored, context.instance)) {
    const what = differing.length > 0 ? differing.join(', ') : 'the certificate or our mark';
    return refused('ChangedOnWrite', `${nameOf(to)} was stored with other contents than sent (${what}).`);
  }
  return {
    outcome: 'confirmed',
    objectUid: stored.uid,
    resourceVersion: stored.resourceVersion,
    fingerprint,
  };
}

async function withdraw(
  api: KubernetesApi,
  to: KubernetesDestination,
  context: PushContext,
): Promise<PushResult | { outcome: 'withdrawn' }> {
  const found = await read(api, to);
  if (!found || !isOurs(found, context.instance) || !holdsCertificate(found, context.certificate))
    return { outcome: 'withdrawn' };
  try {
    const preconditions = { uid: found.uid, resourceVersion: found.resourceVersion };
    await api({
      method: 'DELETE',
      path: pathOf(to),
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
    });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return { outcome: 'withdrawn' };
}

async function read(api: KubernetesApi, to: KubernetesDestination): Promise<FoundSecret | undefined> {
  try {
    return foundSecret(await api({ method: 'GET', path: pathOf(to) }));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const isMissing = (error: unknown): boolean => error instanceof KubernetesError && error.reason === 'NotFound';

const managerOf = (context: PushContext): string => `chancery-${context.instance}`;
const nameOf = (to: KubernetesDestination): string =>
  `Secret ${to.namespace}/${to.secretName} in cluster ${to.cluster}`;
const pathOf = (to: KubernetesDestination): string =>
  `/api/v1/namespaces/${encodeURIComponent(to.namespace)}/secrets/${encodeURIComponent(to.secretName)}`;

/** A DNS subdomain (RFC 1123), as Kubernetes names objects. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** The destination, if it can be part of a URL: `..` as a name would lead elsewhere. */
function kubernetesOnly(to: Destination): KubernetesDestination {
  if (to.kind === 'kubernetes' && NAME.test(to.namespace) && NAME.test(to.secretName)) return to;
  throw new Refusal('InvalidDestination', 'The destination names no Kubernetes namespace and Secret.');
}
