import type { SecretsManagerDestination } from '../../domain/destination.ts';
import { failed, refused, type Unsuccessful } from '../pushResults.ts';
import { RoleRefused } from '../sts/assumedRole.ts';

/** Seconds until the next try after the service asked to slow down. */
const SLOW_DOWN = 60;
/** Seconds until the next try when a quota is used up: versions count for a day. */
const QUOTA = 3600;

const THROTTLED = ['ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded', 'Throttling'];
const KEY = ['EncryptionFailure', 'DecryptionFailure', 'KMSInvalidStateException', 'DisabledException'];
const CREDENTIALS = ['CredentialsProviderError', 'UnrecognizedClientException', 'InvalidSignatureException'];
const EXPIRED = ['ExpiredToken', 'ExpiredTokenException'];

/** A secret as messages name it. */
export const nameOf = ({ name, region }: SecretsManagerDestination): string =>
  `Secret ${name}${region ? ` in ${region}` : ''}`;

/** What an error of Secrets Manager, KMS or STS means for a delivery; anything unexpected is thrown again. */
export function outcomeOf(error: unknown, to: SecretsManagerDestination): Unsuccessful {
  if (!(error instanceof Error)) throw error;
  const { name, message } = error;
  if (error instanceof RoleRefused) return roleRefused(to);
  if (THROTTLED.includes(name)) {
    return failed('atTime', 'AwsThrottled', 'Secrets Manager asks to slow down.', SLOW_DOWN);
  }
  if (name === 'LimitExceededException') {
    return failed('atTime', 'AwsQuotaReached', `Secrets Manager has no room: ${message}`, QUOTA);
  }
  if (name.startsWith('AccessDenied')) return accessDenied(message, to);
  if (KEY.includes(name)) {
    return refused('AwsKeyUnusable', `${nameOf(to)}: its KMS key cannot be used: enable it, or allow its use.`);
  }
  if (CREDENTIALS.includes(name)) {
    return refused('AwsUnauthorized', 'AWS does not accept the credentials of the service.');
  }
  if (EXPIRED.includes(name)) return failed('now', 'AwsUnauthorized', 'The credentials expired while they were used.');
  if (/scheduled for deletion|marked (?:for|as) delet/i.test(message)) return scheduledForDeletion(to);
  if (name === 'InvalidParameterException' || name === 'InvalidRequestException' || name === 'ValidationException') {
    return refused('AwsInvalid', `${nameOf(to)}: ${message}`);
  }
  return notReached(error, to);
}

function notReached(
  error: Error & { readonly $metadata?: { readonly httpStatusCode?: number }; readonly code?: unknown },
  to: SecretsManagerDestination,
): Unsuccessful {
  const status = error.$metadata?.httpStatusCode;
  if (status !== undefined && status >= 500) {
    return failed('backoff', 'AwsFailing', `${nameOf(to)}: Secrets Manager has a fault (${error.name}).`);
  }
  if (error.name === 'TimeoutError' || typeof error.code === 'string') {
    return failed(
      'backoff',
      'AwsUnreachable',
      `Secrets Manager cannot be reached (${String(error.code ?? error.name)}).`,
    );
  }
  throw error;
}

const roleRefused = ({ roleArn }: SecretsManagerDestination): Unsuccessful =>
  refused(
    'AwsRoleRefused',
    `The role ${roleArn} cannot be assumed: its trust policy must allow the service, with team/NAME as external id (shared for what is shared), and the operator the role.`,
  );

/** IAM's sentence names the action that is missing, and also our own role, which is nobody's business. */
function accessDenied(message: string, to: SecretsManagerDestination): Unsuccessful {
  const action = /perform: ([a-z]+:[A-Za-z]+)/.exec(message)?.[1] ?? 'write';
  const who = to.roleArn ? `The role ${to.roleArn}` : 'The service';
  return refused('AwsAccessDenied', `${who} may not ${action} ${to.name}: grant it that action.`);
}

/** What to say of a secret that somebody deleted and that is still kept. */
export function scheduledForDeletion(to: SecretsManagerDestination, until?: Date): Unsuccessful {
  const date = until ? ` on ${until.toISOString().slice(0, 10)}` : '';
  const advice = 'restore it (aws secretsmanager restore-secret), wait until it is gone, or choose another name';
  return refused(
    'ScheduledForDeletion',
    `${nameOf(to)} is scheduled for deletion${date}, and keeps its name until then: ${advice}.`,
  );
}
