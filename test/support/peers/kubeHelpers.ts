import { randomBytes } from 'node:crypto';
import { type KubeCall, type KubeIdentity, kubeCall, kubeconfigFor, kubeMust } from './kubeClient.ts';

/** A rule of a Role, as in rbac.authorization.k8s.io/v1. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Whom to give what, within one namespace. */
export interface TokenGrant {
  readonly namespace: string;
  /** Service account; a new one with a random name when absent. */
  readonly account?: string;
  /** What it may do in the namespace; everything with Secrets when absent, nothing when empty. */
  readonly rules?: readonly PolicyRule[];
  /** 600 is the least that the server accepts; 3600 when absent. */
  readonly seconds?: number;
}

/** A Secret as the API server returns it; `data` is base64. */
export interface SecretObject {
  readonly type: string;
  readonly data?: Readonly<Record<string, string>>;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
}

/** What tests do with a cluster besides testing it. Everything is done as administrator unless a parameter says otherwise. */
export interface ClusterHelpers {
  /** Any request; does not throw for a status. */
  readonly call: KubeCall;
  /** A namespace of its own for one test file; returns its name. */
  makeNamespace(prefix?: string): Promise<string>;
  /** Really removes a namespace with its Secrets, which takes a controller in a real cluster. */
  removeNamespace(name: string): Promise<void>;
  /** Makes a service account, a role for it, and a token (TokenRequest API). */
  makeToken(grant: TokenGrant): Promise<string>;
  /** A kubeconfig with inline data; the administrator's when no identity is given. */
  kubeconfig(identity?: KubeIdentity, namespace?: string): string;
  /** The Secret, or undefined. */
  secret(namespace: string, name: string): Promise<SecretObject | undefined>;
}

const everythingWithSecrets: PolicyRule = {
  apiGroups: [''],
  resources: ['secrets'],
  verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
};

/** Helpers for a cluster that runs in this process or in another. */
export function clusterHelpers(cluster: {
  readonly server: string;
  readonly caPem: string;
  readonly admin: KubeIdentity;
}): ClusterHelpers {
  const call = kubeCall(cluster.server, cluster.caPem, cluster.admin);
  return {
    call,
    makeNamespace: async (prefix = 'test') => {
      const name = `${prefix}-${randomBytes(4).toString('hex')}`;
      await kubeMust(call, 'POST', '/api/v1/namespaces', { metadata: { name } });
      return name;
    },
    removeNamespace: (name) => removeNamespace(call, name),
    makeToken: (grant) => makeToken(call, grant),
    kubeconfig: (identity = cluster.admin, namespace = 'default') =>
      kubeconfigFor(cluster.server, cluster.caPem, identity, namespace),
    secret: async (namespace, name) => {
      const { status, body } = await call<SecretObject>('GET', `/api/v1/namespaces/${namespace}/secrets/${name}`);
      return status === 200 ? body : undefined;
    },
  };
}

async function makeToken(call: KubeCall, grant: TokenGrant): Promise<string> {
  const { namespace, rules = [everythingWithSecrets], seconds = 3600 } = grant;
  const name = grant.account ?? `account-${randomBytes(4).toString('hex')}`;
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const apiGroup = 'rbac.authorization.k8s.io';
  await kubeMust(call, 'POST', accounts, { metadata: { name } });
  await kubeMust(call, 'POST', `${rbac}/roles`, { metadata: { name }, rules });
  await kubeMust(call, 'POST', `${rbac}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup, kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  const answer = await kubeMust<{ status: { token: string } }>(call, 'POST', `${accounts}/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: seconds },
  });
  return answer.status.token;
}

/** No controller runs here, so this does its part: empty the namespace, then take the finalizer off. */
async function removeNamespace(call: KubeCall, name: string): Promise<void> {
  const path = `/api/v1/namespaces/${name}`;
  await kubeMust(call, 'DELETE', `${path}/secrets`);
  await kubeMust(call, 'DELETE', path);
  const namespace = await kubeMust(call, 'GET', path);
  await kubeMust(call, 'PUT', `${path}/finalize`, { ...namespace, spec: { finalizers: [] } });
}
