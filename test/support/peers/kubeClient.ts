import { request } from 'node:https';

/** Who asks: a bearer token, or a client certificate with its key. */
export type KubeIdentity = { readonly token: string } | { readonly certPem: string; readonly keyPem: string };

/** An answer of the API server; `body` is the parsed JSON, or the text when it is none. */
export interface KubeAnswer<T = unknown> {
  readonly status: number;
  readonly body: T;
}

/** Sends one request to the API server; does not throw for a status. */
export type KubeCall = <T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
  contentType?: string,
) => Promise<KubeAnswer<T>>;

/** A plain client for preparing and inspecting a test cluster, independent of the client that is tested. */
export function kubeCall(server: string, caPem: string, identity: KubeIdentity): KubeCall {
  const credentials = 'token' in identity ? {} : { cert: identity.certPem, key: identity.keyPem };
  const authorization = 'token' in identity ? { authorization: `Bearer ${identity.token}` } : {};
  return (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers = { ...authorization, ...(body === undefined ? {} : { 'content-type': contentType }) };
      const outgoing = request(
        `${server}${path}`,
        { method, ca: caPem, agent: false, headers, timeout: 20_000, ...credentials },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: parse(text) as never }));
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${path}`)));
      outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Like a call, but a status of 300 or more throws. */
export async function kubeMust<T = Record<string, unknown>>(call: KubeCall, ...args: Parameters<KubeCall>): Promise<T> {
  const { status, body } = await call<T>(...args);
  if (status >= 300) throw new Error(`${args[0]} ${args[1]} answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A kubeconfig with everything inline. */
export function kubeconfigFor(server: string, caPem: string, identity: KubeIdentity, namespace = 'default'): string {
  const user =
    'token' in identity
      ? `token: ${identity.token}`
      : `client-certificate-data: ${base64(identity.certPem)}\n      client-key-data: ${base64(identity.keyPem)}`;
  return `apiVersion: v1
kind: Config
current-context: test
clusters:
  - name: test
    cluster:
      server: ${server}
      certificate-authority-data: ${base64(caPem)}
users:
  - name: test
    user:
      ${user}
contexts:
  - name: test
    context:
      cluster: test
      user: test
      namespace: ${namespace}
`;
}
