import { createHash } from 'node:crypto';
import type { PushContext, SecretContents } from '../../ports/destinations.ts';
import { leafFingerprint } from '../leafFingerprint.ts';

/** A secret's value: a JSON object of PEM texts, named as files in a kubernetes.io/tls Secret. */
interface SecretValue {
  readonly 'tls.crt'?: string;
  readonly 'tls.key'?: string;
  readonly 'ca.crt'?: string;
  /** Key and chain in one, as HAProxy and others read it. Only with a key that we delivered. */
  readonly 'tls-combined.pem'?: string;
}

/** What Secrets Manager takes, in bytes. */
export const MAX_VALUE_BYTES = 65_536;

/** The value's text. `theirKey`: the key that a requester in CSR mode keeps beside the chain. */
export function secretString({ certificate, key, ca }: SecretContents, theirKey?: string): string {
  const value: SecretValue = {
    'tls.crt': certificate,
    'tls.key': key ?? theirKey,
    'ca.crt': ca,
    'tls-combined.pem': key && `${key.trimEnd()}\n${certificate}`,
  };
  return JSON.stringify(value);
}

/** The value that stands in a secret; empty when it is no JSON object. */
export function readValue(text: string | undefined): SecretValue {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** The key that the requester put there, told by the combined PEM that stands beside every key of ours. */
export function requestersKey(value: SecretValue): string | undefined {
  const key = value['tls-combined.pem'] === undefined ? value['tls.key'] : undefined;
  return typeof key === 'string' ? key : undefined;
}

/** Fingerprint of the leaf in a value. */
export function fingerprintOf(value: SecretValue): string | undefined {
  const certificate = value['tls.crt'];
  return typeof certificate === 'string' ? leafFingerprint(certificate) : undefined;
}

/** Names of the members that are not as a push of `contents` leaves them. */
export function differingMembers(value: SecretValue, contents: SecretContents): string[] {
  const wanted = readValue(secretString(contents, requestersKey(value)));
  return Object.entries(wanted)
    .filter(([name, text]) => value[name as keyof SecretValue] !== text)
    .map(([name]) => name);
}

/**
 * The version's id: a repeat of a push is the same version. Made of what names the contents and of their public parts, never of a key.
 * @param base id of the version whose key is carried on
 */
export function versionId(contents: SecretContents, { certificate, desired }: PushContext, base?: string): string {
  const { uid, revision, generation } = desired ?? {};
  const { certificate: chain, ca, key } = contents;
  const named = [certificate, uid, revision, generation, chain, ca, key !== undefined, base];
  return createHash('sha256').update(JSON.stringify(named)).digest('hex');
}
