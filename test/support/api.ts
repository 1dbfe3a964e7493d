import type { Api } from '../../functions/api/api.ts';
import { createApi } from '../../functions/api/api.ts';
import type { ApiResponse } from '../../functions/api/request.ts';
import type { ApiOptions } from '../../functions/api/route.ts';
import { makeSharedOwner } from '../../lib/application/sharedOwner.ts';
import { issueToken } from '../../lib/application/tokens.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import { policyOf, type TeamPolicy } from '../../lib/domain/policy.ts';
import type { IssuerSpec } from '../../lib/domain/spec.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { plusSeconds } from '../../lib/domain/time.ts';
import type { Verb } from '../../lib/domain/token.ts';
import type { Clock } from '../../lib/ports/system.ts';
import { contractFaults } from './openapiContract.ts';
import { type TestServices, testServices } from './services.ts';

/** What a request of a test has beside method and path. `json` becomes the body with its content type. */
export interface Sent {
  readonly token?: string;
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly loopback?: boolean;
  readonly signal?: AbortSignal;
}

/** An answer, its body read as JSON where it is JSON. */
export interface Answered extends ApiResponse {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

/** The API over {@link testServices}, called without a socket. */
export interface TestApi extends TestServices {
  readonly api: Api;
  /** Verbs read, write and admin for every team. */
  readonly admin: string;
  /** A token; ends in an hour. */
  token(team: string, ...verbs: Verb[]): Promise<string>;
  /** Without `token`, as the administrator; with an empty one, as nobody. @throws when the answer is not as the OpenAPI document has it */
  send(method: string, path: string, sent?: Sent): Promise<Answered>;
  putTeam(name: string, policy?: Partial<TeamPolicy>): Promise<void>;
  putIssuer(owner: string, name: string, spec: IssuerSpec): Promise<void>;
}

/** Makes the API with the shared owner, as an installation makes it. */
export async function testApi(options: Partial<ApiOptions> & { readonly clock?: Clock } = {}): Promise<TestApi> {
  const { clock, ...apiOptions } = options;
  const made = testServices(clock ? { clock } : {});
  const { services } = made;
  const api = createApi(services, { version: '0.0.0-test', ...apiOptions });
  const expires = () => plusSeconds(services.clock.now(), 3600);
  const token = async (team: string, ...verbs: Verb[]) =>
    (await issueToken(services, { team, verbs, expires: expires() })).token;
  const meta = { actor: 'test' };
  const putTeam = async (name: string, policy: Partial<TeamPolicy> = {}) => {
    const command = { type: 'Put', policy: policyOf(name, policy) } as const;
    await services.ledger.handle(teamDecider, teamStream(name), command, meta);
  };
  await makeSharedOwner(services, meta);
  const admin = await token('*', 'admin');
  return {
    ...made,
    api,
    admin,
    token,
    putTeam,
    async putIssuer(owner, name, spec) {
      await services.ledger.handle(issuerDecider, issuerStream(owner, name), { type: 'Configure', spec }, meta);
    },
    send: (method, path, sent = {}) => send(api, method, path, { token: admin, ...sent }),
  };
}

async function send(api: Api, method: string, path: string, sent: Sent): Promise<Answered> {
  const { token, json, loopback, signal } = sent;
  const [plain = '', query = ''] = path.split('?');
  const body = json === undefined ? (sent.body ?? '') : JSON.stringify(json);
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(json !== undefined && { 'content-type': 'application/json' }),
    ...sent.headers,
  };
  const response = await api({
    method,
    path: plain,
    query,
    headers,
    body: typeof body === 'string' ? Buffer.from(body) : body,
    ...(loopback !== undefined && { loopback }),
    ...(signal && { signal }),
  });
  const faults = contractFaults(method, plain, response);
  if (faults.length > 0) throw new Error(`the answer is not what the OpenAPI document says:\n${faults.join('\n')}`);
  const isJson = /^application\/(?:problem\+)?json$/.test(response.headers['content-type'] ?? '');
  return { ...response, json: isJson && response.body ? JSON.parse(response.body) : undefined };
}
