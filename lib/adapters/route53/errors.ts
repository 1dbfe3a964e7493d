import { DnsError } from '../../ports/dnsProvider.ts';
import { RoleRefused } from '../sts/assumedRole.ts';

/** Route 53's limits: requests a second and account, changes of one zone at a time. The client has repeated them already. */
const THROTTLED = ['Throttling', 'ThrottlingException', 'PriorRequestNotComplete', 'RequestLimitExceeded', 'SlowDown'];
const CREDENTIALS = [
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
];

/**
 * An InvalidChangeBatch comes in one of two forms: as all errors do, or as a document of its own, of which the SDK knows no name and leaves
 * the members as it found them.
 */
interface InvalidBatch extends Error {
  readonly messages?: readonly string[];
  readonly Messages?: { readonly Message?: string | readonly string[] };
}

/** Another writer was first, or the change cannot be made at all: the whole of Route 53's reasons tells which. */
export const isInvalidBatch = (error: unknown): error is InvalidBatch =>
  error instanceof Error && (error.name === 'InvalidChangeBatch' || 'Messages' in error);

/** A change's id is kept for a while only. */
export const isUnknownChange = (error: unknown): boolean => error instanceof Error && error.name === 'NoSuchChange';

/** Route 53's reasons for an InvalidChangeBatch, in one text. */
export function reasonsOf({ name, message, messages, Messages }: InvalidBatch): string {
  const own = name === 'InvalidChangeBatch' ? [message] : [];
  return [own, messages ?? [], Messages?.Message ?? []].flat().filter(Boolean).join(' ');
}

/**
 * What an error of Route 53 or STS means for a challenge; anything unexpected is thrown again.
 * @param what was to be done, for the message: `to change example.com`
 */
export function throwDnsError(error: unknown, what: string): never {
  if (error instanceof DnsError || !(error instanceof Error)) throw error;
  const { name, message } = error;
  if (THROTTLED.includes(name)) throw new DnsError('DnsThrottled', `Route 53 is asked too much now (${name})`, true);
  if (error instanceof RoleRefused) throw refused(`the role of the solver cannot be assumed ${what}`);
  if (name.startsWith('AccessDenied')) {
    // IAM's sentence also names our own role, which is nobody's business.
    const action = /perform: ([a-z0-9]+:[A-Za-z]+)/.exec(message)?.[1];
    throw refused(`the service is not allowed ${action ? `${action} ` : ''}${what}`);
  }
  if (CREDENTIALS.includes(name)) throw refused(`AWS does not accept the credentials of the service (${name})`);
  if (name === 'NoSuchHostedZone') throw new DnsError('DnsNotZone', `there is no such hosted zone ${what}`, false);
  if (isInvalidBatch(error)) throw refused(`Route 53 refuses ${what}: ${reasonsOf(error)}`);
  if (name === 'InvalidInput') throw refused(`Route 53 does not understand the request ${what}: ${message}`);
  notReached(error);
}

const refused = (message: string): DnsError => new DnsError('DnsRefused', message, false);

function notReached(
  error: Error & { readonly $metadata?: { httpStatusCode?: number }; readonly code?: unknown },
): never {
  const status = error.$metadata?.httpStatusCode;
  if (status !== undefined && status >= 500) {
    throw new DnsError('DnsServFail', `Route 53 has a fault (${error.name})`, true);
  }
  if (error.name === 'TimeoutError' || typeof error.code === 'string') {
    throw new DnsError('DnsUnreachable', `Route 53 cannot be reached (${String(error.code ?? error.name)})`, true);
  }
  throw error;
}
