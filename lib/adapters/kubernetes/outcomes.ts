import type { Destination, KubernetesDestination } from '../../domain/destination.ts';
import { Refusal } from '../../domain/refusal.ts';
import { NetError } from '../net/http.ts';
import { failed, refused, type Unsuccessful } from '../pushResults.ts';
import { KubernetesError, sanitised } from './status.ts';

/** What an expected error means for a delivery; anything unexpected is thrown again. */
export function outcomeOf(error: unknown, to: Destination): Unsuccessful {
  if (error instanceof Refusal) return refused(error.code, error.message);
  if (to.kind === 'kubernetes' && error instanceof KubernetesError) return fromStatus(error, to);
  if (to.kind === 'kubernetes' && error instanceof NetError) return fromNetwork(error, to);
  throw error;
}

/** Failures of the connection that time does not cure: the cluster's registration or the operator's allow list must change. */
const LASTING = new Set(['AddressRefused', 'BadUrl', 'TlsUntrusted']);

function fromNetwork(error: NetError, to: KubernetesDestination): Unsuccessful {
  const message = `Cluster ${to.cluster}: ${sanitised(error.message)}`;
  return LASTING.has(error.code) ? refused(error.code, message) : failed('backoff', error.code, message);
}

function fromStatus(error: KubernetesError, to: KubernetesDestination): Unsuccessful {
  const where = `Secret ${to.namespace}/${to.secretName} in cluster ${to.cluster}`;
  switch (error.status) {
    case 401:
      return refused(
        'Unauthorized',
        `Cluster ${to.cluster} does not accept its credential: it is expired, revoked or of another cluster.`,
      );
    case 403:
      return forbidden(error, to);
    case 404:
      return error.about === 'namespaces'
        ? refused('NamespaceMissing', `Cluster ${to.cluster} has no namespace ${to.namespace}.`)
        : refused('NotFound', `${where}: ${error.message}`);
    case 409:
      return failed('now', 'Conflict', `${where} changed while it was written.`);
    case 422:
      return invalid(error, where);
    case 429:
      return failed('atTime', 'TooManyRequests', `Cluster ${to.cluster} asks to slow down.`, error.retryAfter ?? 1);
    case 503:
      return failed('atTime', 'ServiceUnavailable', `Cluster ${to.cluster} is not ready.`, error.retryAfter ?? 5);
    default:
      return error.status >= 500
        ? failed('backoff', error.reason, `${where}: ${error.message}`)
        : refused(error.reason, `${where}: ${error.message}`);
  }
}

/** The authorizer's sentence, which names the verb and the resource that are missing. */
const MISSING_VERB = /cannot ([a-z]+) resource "([a-z./]+)"/;

function forbidden(error: KubernetesError, to: KubernetesDestination): Unsuccessful {
  const namespace = `namespace ${to.namespace} of cluster ${to.cluster}`;
  const missing = MISSING_VERB.exec(error.message);
  if (missing) {
    const [, verb, resource] = missing;
    return refused('Forbidden', `The credential may not ${verb} ${resource} in ${namespace}: grant it that verb.`);
  }
  if (error.causes.some((cause) => cause.reason === 'NamespaceTerminating'))
    return refused('NamespaceTerminating', `The ${namespace} is being deleted and takes nothing new.`);
  if (error.message.includes('exceeded quota'))
    return refused('QuotaExceeded', `The ${namespace} has no room: ${error.message}`);
  return refused('Forbidden', `Writing to ${namespace} was refused: ${error.message}`);
}

function invalid(error: KubernetesError, where: string): Unsuccessful {
  const fields = error.causes.map((cause) => cause.field);
  if (fields.includes('type')) return refused('WrongType', wrongType(where));
  if (fields.includes('data') && error.message.includes('immutable')) return refused('Immutable', immutable(where));
  return refused('Invalid', `${where}: ${error.message}`);
}

/** What to say of a Secret whose type cannot become kubernetes.io/tls. */
export const wrongType = (where: string): string =>
  `${where} is not of type kubernetes.io/tls, and a Secret's type cannot change: delete it, or choose another secretName.`;

/** What to say of a Secret that was marked immutable. */
export const immutable = (where: string): string =>
  `${where} is marked immutable, so nobody can change it: delete it, or choose another secretName.`;
