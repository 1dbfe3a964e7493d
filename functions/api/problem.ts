import { ConflictError, StaleVersion } from '../../lib/application/ledger.ts';
import type { ProblemBody } from '../../lib/application/schema/problem.ts';
import { InputInvalid } from '../../lib/domain/inputInvalid.ts';
import { isOwnFault, Refusal } from '../../lib/domain/refusal.ts';
import { ThrottledError } from '../../lib/ports/throttled.ts';
import type { ApiResponse } from './request.ts';

/** Statuses of refusals that are not 422 (understood, and not taken). */
export const STATUS: Readonly<Record<string, number>> = {
  InvalidJson: 400,
  InvalidQuery: 400,
  InvalidCursor: 400,
  InvalidPath: 400,
  InvalidPrecondition: 400,
  TokenMissing: 401,
  TokenInvalid: 401,
  TokenExpired: 401,
  TokenRevoked: 401,
  TokenOfAnotherTeam: 403,
  VerbMissing: 403,
  NameNotAllowed: 403,
  CaNotAllowed: 403,
  IssuerNotAllowed: 403,
  DestinationNotAllowed: 403,
  DirectoryNotAllowed: 403,
  KeyNotAllowed: 403,
  ServiceRoleNotAllowed: 403,
  DurationNotAllowed: 403,
  QuotaReached: 403,
  RouteNotFound: 404,
  MethodNotAllowed: 405,
  DestinationTaken: 409,
  TeamInUse: 409,
  KeyNotHeld: 409,
  NotIssued: 409,
  IssuerNotAcme: 409,
  AccountNotRegistered: 409,
  CertificateExpired: 409,
  JustReplaced: 409,
  Conflict: 409,
  RebuildUnderWay: 409,
  TooManyCertificates: 409,
  PreconditionFailed: 412,
  BodyTooLarge: 413,
  UnsupportedMediaType: 415,
  IdentityProviderUnreachable: 503,
  Throttled: 503,
  DataFolderLocked: 503,
  DataFolderFull: 507,
};

/** Codes that mean the resource itself is not there. With a field they are about what an input names, which is 422. */
export const ABSENT: ReadonlySet<string> = new Set([
  'TeamNotFound',
  'CertificateNotFound',
  'IssuerNotFound',
  'CredentialNotFound',
  'ClusterUnknown',
  'TokenNotFound',
]);

/** The status of a refusal. */
export function statusOf(refusal: Refusal): number {
  const { code, field } = refusal;
  if (ABSENT.has(code)) return field === undefined ? 404 : 422;
  const known = STATUS[code];
  return known ?? (isOwnFault(refusal) ? 500 : 422);
}

/** A refusal with headers of its own. */
export class HttpRefusal extends Refusal {
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: string,
    message: string,
    more: { remedy?: string; field?: string; headers: Readonly<Record<string, string>> },
  ) {
    super(code, message, more);
    this.headers = more.headers;
  }
}

/** What was thrown, as a problem document (RFC 9457); undefined for what nobody expected. */
export function problemOf(
  error: unknown,
): { body: ProblemBody; headers: Readonly<Record<string, string>> } | undefined {
  const refusal = refusalOf(error);
  if (!refusal) return undefined;
  const { code, field, remedy } = refusal;
  const status = statusOf(refusal);
  // The message names places on the disk, so a stranger gets the code and the remedy alone.
  const detail = isOwnFault(refusal) ? 'the service cannot reach its own data' : refusal.message;
  const errors = refusal instanceof InputInvalid ? { errors: refusal.errors.map((one) => ({ ...one })) } : {};
  const place = { ...(field && { field }), ...(remedy && { remedy }) };
  const body = { type: 'about:blank', title: title(status), status, detail, code, ...place, ...errors };
  return { body, headers: { ...challenge(status, code), ...(refusal instanceof HttpRefusal && refusal.headers) } };
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof StaleVersion) return preconditionFailed(error.version);
  if (error instanceof ThrottledError) {
    return new HttpRefusal(
      'Throttled',
      'storage asks for a slower pace; what was asked for may have been done or not',
      {
        remedy: 'ask again in a few seconds; a request that was taken is not taken twice',
        headers: { 'retry-after': '5' },
      },
    );
  }
  if (!(error instanceof ConflictError)) return undefined;
  return new Refusal('Conflict', 'others changed the resource at the same time; nothing was done', {
    remedy: 'try again',
  });
}

/** The refusal for a precondition that does not hold. */
const preconditionFailed = (version: number): Refusal =>
  new Refusal(
    'PreconditionFailed',
    version === 0 ? 'there is no such resource yet' : `the resource is at version "${version}"`,
    { remedy: 'read it again, and decide again' },
  );

/** The problem for what nobody expected: nothing but a word to look for in the log. */
export const unexpected = (correlationId: string): ProblemBody & { correlationId: string } => ({
  type: 'about:blank',
  title: title(500),
  status: 500,
  detail: 'the service failed; nothing is known to have been done',
  code: 'InternalError',
  remedy: `try again; if it repeats, the log says more about ${correlationId}`,
  correlationId,
});

/** A problem document as an answer. */
export const problemResponse = (body: ProblemBody, headers: Readonly<Record<string, string>>): ApiResponse => ({
  status: body.status,
  headers: { ...headers, 'content-type': 'application/problem+json' },
  body: JSON.stringify(body),
});

/** RFC 9110 15: for `about:blank`, the title is the status in words (RFC 9457 4.2.1). */
const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
};

export const title = (status: number): string => TITLES[status] ?? 'Error';

/** RFC 6750 3: what kind of credential is wanted, and whether one was there. */
function challenge(status: number, code: string): Record<string, string> {
  if (status !== 401) return {};
  const error = code === 'TokenMissing' ? '' : ', error="invalid_token"';
  return { 'www-authenticate': `Bearer realm="chancery"${error}` };
}
