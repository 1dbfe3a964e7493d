import { Refusal } from '../../domain/refusal.ts';
import type { ClusterAccess } from '../../ports/clusters.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../net/http.ts';
import { errorFrom, KubernetesError } from './status.ts';

/** Milliseconds for one exchange. An API server that needs longer is treated as down; every call here is safe to repeat. */
const TIMEOUT = 10_000;
/** A Secret holds at most 1 MiB, a third more in base64, and its managed fields. */
const MAX_BYTES = 2 * 1024 * 1024;

/** One call. `path` starts with `/`; its segments are already encoded. */
export interface ApiRequest {
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Of the body; `application/json` when absent. */
  readonly contentType?: string;
  /** What is wanted of the answer; `application/json` when absent. */
  readonly accept?: string;
}

/** Calls a cluster's API server and answers the object. Throws {@link KubernetesError} for what it refuses, NetError when no answer came. */
export type KubernetesApi = (request: ApiRequest) => Promise<Record<string, unknown>>;

/**
 * A cluster's API over HTTPS with the access's own CA as the only root, and its token or client certificate.
 * Every call bears its preconditions, so that one that is sent twice does no harm: all are marked idempotent.
 * @throws Refusal `EksNotServed` where a token of AWS is wanted and nobody made one
 */
export function kubernetesApi(http: HttpClient, access: ClusterAccess, timeout = TIMEOUT): KubernetesApi {
  if (access.eks && !access.token) {
    throw new Refusal(
      'EksNotServed',
      'the cluster knows the service by its role in AWS, and this installation has none',
      {
        remedy: 'register the cluster with a kubeconfig, or run the service on AWS',
      },
    );
  }
  const base = access.server.replace(/\/+$/, '');
  return async (request) => {
    return answerOf(await http.request(wireRequest(base, access, request, timeout)));
  };
}

function wireRequest(base: string, access: ClusterAccess, request: ApiRequest, timeout: number): HttpRequest {
  const query = request.query ? `?${new URLSearchParams(request.query)}` : '';
  return {
    method: request.method,
    url: `${base}${request.path}${query}`,
    headers: {
      accept: request.accept ?? 'application/json',
      'user-agent': 'chancery',
      ...(access.token ? { authorization: `Bearer ${access.token}` } : {}),
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    ca: access.ca,
    ...(access.clientCertificate && access.clientKey
      ? { client: { cert: access.clientCertificate, key: access.clientKey } }
      : {}),
    idempotent: true,
    timeout,
    maxBytes: MAX_BYTES,
  };
}

function answerOf(response: HttpResponse): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(response.body.toString('utf8'));
  } catch {
    body = undefined;
  }
  if (response.status < 200 || response.status > 299)
    throw errorFrom(response.status, body, response.headers['retry-after']);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new KubernetesError(response.status, 'NotKubernetes', 'The server did not answer with a Kubernetes object.');
}
