import type { Api } from './api.ts';
import type { ApiRequest } from './request.ts';

/** An event of an HTTP API, payload format 2.0: the members that are read. */
export interface HttpEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly http: { readonly method: string; readonly path: string };
    readonly stage: string;
  };
}

/** What an HTTP API sends on. */
export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The API behind an HTTP API of API Gateway.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export const lambdaApi =
  (api: Api) =>
  async (event: HttpEvent): Promise<HttpResult> => {
    const { status, headers, body } = await api(requestOf(event));
    return { statusCode: status, headers, body };
  };

/** The request as the client sent it. A stage that is not the default begins the path, and is no part of ours. */
export function requestOf({ rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext }: HttpEvent) {
  const { http, stage } = requestContext;
  const prefix = `/${stage}`;
  const path = rawPath === prefix || rawPath.startsWith(`${prefix}/`) ? rawPath.slice(prefix.length) || '/' : rawPath;
  return {
    method: http.method,
    path,
    query: rawQueryString,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  } satisfies ApiRequest;
}
