/** Longest text of a server's message that is passed on. */
const LIMIT = 300;

/**
 * A server's words made fit for an event or a log: printable, short, and without anything that may be a key, a token or a Secret's data
 * (PEM blocks, runs of 40 or more base64 characters).
 */
export function sanitised(text: string): string {
  const plain = text
    .replace(/-----BEGIN[\s\S]*?(?:-----END[^-]*-----|$)/g, '[removed]')
    .replace(/[A-Za-z0-9+/=_-]{40,}/g, '[removed]')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
  return plain.length > LIMIT ? `${plain.slice(0, LIMIT - 3)}...` : plain;
}

/** One of a Status's causes: which field, and why (`FieldValueInvalid`, `FieldManagerConflict`...). */
export interface StatusCause {
  readonly reason: string;
  readonly field: string;
}

/**
 * What an API server answered instead of what was asked for.
 *
 * - `status`: the HTTP status
 * - `reason`: Kubernetes' word for it (`NotFound`, `Conflict`, `Forbidden`...), or `Http<status>` when the answer was no Status
 * - `about`: the kind the Status is about, as it names it (`secrets`, `namespaces`)
 * - `retryAfter`: seconds, from Retry-After
 */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly status: number;
  readonly reason: string;
  readonly about: string | undefined;
  readonly causes: readonly StatusCause[];
  readonly retryAfter: number | undefined;
  constructor(
    status: number,
    reason: string,
    message: string,
    more: { about?: string; causes?: readonly StatusCause[]; retryAfter?: number } = {},
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.about = more.about;
    this.causes = more.causes ?? [];
    this.retryAfter = more.retryAfter;
  }
}

const WORD = /^[A-Za-z0-9]{1,64}$/;

/** A Status object (or whatever a proxy put in its place) as a {@link KubernetesError}. Nothing of the body is passed on unsanitised. */
export function errorFrom(status: number, body: unknown, retryAfter: string | undefined): KubernetesError {
  const answer = record(body);
  const details = record(answer.details);
  const reason = typeof answer.reason === 'string' && WORD.test(answer.reason) ? answer.reason : `Http${status}`;
  const isStatus = answer.kind === 'Status' && typeof answer.message === 'string';
  const causes = Array.isArray(details.causes) ? details.causes.map(record) : [];
  return new KubernetesError(status, reason, isStatus ? sanitised(String(answer.message)) : `HTTP status ${status}`, {
    ...(typeof details.kind === 'string' ? { about: details.kind } : {}),
    causes: causes.map((cause) => ({ reason: String(cause.reason ?? ''), field: String(cause.field ?? '') })),
    ...(retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter) ? { retryAfter: Number(retryAfter) } : {}),
  });
}

/** Any value as a record to look into; what is none is an empty one. */
export const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
