import { Refusal } from '../../domain/refusal.ts';
import type { ClusterAccess, ClusterProbe } from '../../ports/clusters.ts';
import { type HttpClient, NetError } from '../net/http.ts';
import { type KubernetesApi, kubernetesApi } from './client.ts';
import { KubernetesError, record, sanitised } from './status.ts';

/** The verbs on Secrets that a delivery and a withdrawal need. */
const VERBS = ['get', 'create', 'patch', 'delete'] as const;

/**
 * Asks a cluster who it is and what we may do there. `probe` throws Refusal: the dialler's codes (`Unreachable`, `Timeout`, `NameUnresolved`,
 * `AddressRefused`, `TlsUntrusted`, `TlsFailed`...), `Unauthorized`, `Forbidden`, `NotKubernetes`, `ClusterFailing`.
 */
export function clusterProbe(options: { http: HttpClient }): ClusterProbe {
  return {
    probe: async (access, namespaces = []) => {
      const api = kubernetesApi(options.http, access);
      try {
        const version = await versionOf(api);
        // Anonymous callers may read the version; an access review needs a credential that counts.
        if (namespaces.length === 0) await allowed(api, 'get', undefined);
        for (const namespace of namespaces) await checkVerbs(api, namespace);
        return { version };
      } catch (error) {
        throw explained(error, access);
      }
    },
  };
}

async function versionOf(api: KubernetesApi): Promise<string> {
  const { gitVersion } = await api({ method: 'GET', path: '/version' });
  if (typeof gitVersion !== 'string') throw new KubernetesError(200, 'NotKubernetes', 'no version');
  return sanitised(gitVersion);
}

async function checkVerbs(api: KubernetesApi, namespace: string): Promise<void> {
  const answers = await Promise.all(VERBS.map(async (verb) => ({ verb, may: await allowed(api, verb, namespace) })));
  const missing = answers.filter((answer) => !answer.may).map((answer) => answer.verb);
  if (missing.length === 0) return;
  throw new Refusal('Forbidden', `The credential may not ${missing.join(', ')} secrets in namespace ${namespace}.`, {
    remedy: 'Bind the ClusterRole of deploy/kubernetes in that namespace.',
  });
}

/** SelfSubjectAccessReview: whether we may do this to Secrets in a namespace, or in all. */
async function allowed(api: KubernetesApi, verb: string, namespace: string | undefined): Promise<boolean> {
  const review = await api({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, resource: 'secrets', ...(namespace === undefined ? {} : { namespace }) } },
    },
  });
  return record(review.status).allowed === true;
}

const NETWORK_REMEDY: Readonly<Record<string, string>> = {
  AddressRefused: "Let the operator allow the API server's address, or register its public one.",
  TlsUntrusted:
    'Register the cluster again with its own CA in certificate-authority-data and a host name that its certificate has.',
};

/** What an error of a call means for whoever registered the cluster; anything unexpected as it is. */
export function explained(error: unknown, access: ClusterAccess): unknown {
  if (error instanceof NetError) {
    const remedy = NETWORK_REMEDY[error.code] ?? 'Check that the API server runs and that this service can reach it.';
    return new Refusal(error.code, `${access.server}: ${sanitised(error.message)}`, { remedy });
  }
  if (!(error instanceof KubernetesError)) return error;
  if (error.status === 401)
    return new Refusal('Unauthorized', `${access.server} does not accept the credential (401).`, {
      remedy: 'It is expired, revoked, or of another cluster: make a new token and register the cluster again.',
    });
  if (error.status === 403)
    return new Refusal('Forbidden', `${access.server} knows the credential but refuses it (403): ${error.message}`, {
      remedy: 'Apply deploy/kubernetes in the cluster and use the token of its ServiceAccount.',
    });
  if (error.status < 400 || error.status === 404)
    return new Refusal('NotKubernetes', `${access.server} answers, but not as a Kubernetes API server.`, {
      remedy: 'Check the URL of the server, its path included.',
    });
  return new Refusal('ClusterFailing', `${access.server} answered ${error.status}: ${error.message}`, {
    remedy: 'Look at the API server; it is tried again.',
  });
}
