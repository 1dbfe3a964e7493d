import type { KubernetesDestination } from '../../domain/destination.ts';
import type { ObservedSecret, PushContext, SecretContents } from '../../ports/destinations.ts';
import { leafFingerprint } from '../leafFingerprint.ts';
import { record, sanitised } from './status.ts';

/** Our mark: the object belongs to the installation that this annotation names. */
export const INSTANCE = 'chancery.dev/instance';
const CERTIFICATE = 'chancery.dev/certificate';
const FINGERPRINT = 'chancery.dev/fingerprint';

/** cert-manager's label for Secrets that a controller must find; ours have it too. */
export const FAO = 'controller.cert-manager.io/fao';

/** A Secret as the API server answers it, only as far as it is looked at. `data` is base64. */
export interface FoundSecret {
  readonly type: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly immutable: boolean;
  readonly deleting: boolean;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly labels: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
  readonly owners: readonly Record<string, unknown>[];
  readonly managers: readonly { readonly name: string; readonly fields: Record<string, unknown> }[];
}

/** The object of an answer as a {@link FoundSecret}. */
export function foundSecret(object: Record<string, unknown>): FoundSecret {
  const metadata = record(object.metadata);
  const list = (value: unknown) => (Array.isArray(value) ? value.map(record) : []);
  return {
    type: String(object.type ?? ''),
    uid: String(metadata.uid ?? ''),
    resourceVersion: String(metadata.resourceVersion ?? ''),
    immutable: object.immutable === true,
    deleting: metadata.deletionTimestamp !== undefined,
    annotations: record(metadata.annotations),
    labels: record(metadata.labels),
    data: record(object.data),
    owners: list(metadata.ownerReferences),
    managers: list(metadata.managedFields).map((entry) => ({
      name: String(entry.manager ?? ''),
      fields: record(entry.fieldsV1),
    })),
  };
}

/** What must be at the destination already: uid and resourceVersion of the object, or nothing at all. */
export type Precondition = { readonly uid: string; readonly resourceVersion: string } | 'absent';

/**
 * A resourceVersion that no object ever has: etcd's revision 1 is the empty store. Applied with it, an object is created when it is absent
 * and 409 is answered when it is there.
 */
const NO_VERSION = '1';

/** How one apply differs from the plain one: entries of `data` to blank, and whether `tls.key` is left to whoever owns it. */
export interface ApplyOptions {
  readonly blank?: readonly string[];
  readonly leaveKey?: boolean;
}

/**
 * The apply configuration that makes the Secret. In CSR mode there is no key: the API server wants an entry `tls.key` in a Secret of this
 * type, so an empty one is sent, unless the requester has put its own there.
 */
export function applyConfiguration(
  to: KubernetesDestination,
  contents: SecretContents,
  context: PushContext,
  precondition: Precondition,
  options: ApplyOptions = {},
): Record<string, unknown> {
  const { labels, annotations } = contents.template;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: {
      name: to.secretName,
      namespace: to.namespace,
      ...(precondition === 'absent' ? { resourceVersion: NO_VERSION } : precondition),
      ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
      annotations: {
        ...annotations,
        [INSTANCE]: context.instance,
        [CERTIFICATE]: context.certificate,
        [FINGERPRINT]: contents.fingerprint,
      },
    },
    data: { ...Object.fromEntries((options.blank ?? []).map((entry) => [entry, ''])), ...dataOf(contents, options) },
  };
}

/** The entries of `data` that we own, base64. */
export function dataOf(contents: SecretContents, options: ApplyOptions = {}): Record<string, string> {
  return {
    'tls.crt': base64(contents.certificate),
    ...(options.leaveKey ? {} : { 'tls.key': base64(contents.key ?? '') }),
    ...(contents.ca === undefined ? {} : { 'ca.crt': base64(contents.ca) }),
  };
}

/** Names of the entries of `data` that we own and that hold something else. Without a key (CSR mode), `tls.key` is the requester's affair. */
export const differingEntries = (found: FoundSecret, contents: SecretContents): string[] =>
  Object.entries(dataOf(contents, { leaveKey: contents.key === undefined }))
    .filter(([entry, value]) => found.data[entry] !== value)
    .map(([entry]) => entry);

/**
 * Entries of an adopted Secret that speak of its former certificate and that an apply of ours would leave standing: `ca.crt` when our issuer
 * knows none, and what cert-manager derives from certificate and key.
 */
export function staleEntries(found: FoundSecret, contents: SecretContents): string[] {
  const ours = dataOf(contents);
  return STALE.filter((entry) => entry in found.data && !(entry in ours));
}
const STALE = [
  'ca.crt',
  'key.der',
  'tls-combined.pem',
  'keystore.jks',
  'truststore.jks',
  'keystore.p12',
  'truststore.p12',
];

/** Whether our installation's mark is on it. */
export const isOurs = (found: FoundSecret, instance: string): boolean => found.annotations[INSTANCE] === instance;

/** Whether it holds this certificate of ours (team/name). */
export const holdsCertificate = (found: FoundSecret, certificate: string): boolean =>
  found.annotations[CERTIFICATE] === certificate;

/** Whether a manager other than `ours` owns a filled `tls.key`. */
export const keyIsAnothers = (found: FoundSecret, ours: string): boolean =>
  base64Text(found.data['tls.key']) !== '' &&
  found.managers.some((manager) => manager.name !== ours && 'f:tls.key' in record(manager.fields['f:data']));

/** What a Secret that is not ours belongs to, in words, from its marks and its field managers. */
export function ownerOf(found: FoundSecret): string {
  const instance = found.annotations[INSTANCE];
  if (instance !== undefined) return `the Chancery installation "${sanitised(String(instance))}"`;
  const certificate = found.annotations['cert-manager.io/certificate-name'];
  if (certificate !== undefined) return `cert-manager (Certificate "${sanitised(String(certificate))}")`;
  if (found.labels[FAO] === 'true') return 'cert-manager';
  const owner = found.owners[0];
  if (owner) return `${sanitised(String(owner.kind))} "${sanitised(String(owner.name))}"`;
  const managers = found.managers
    .filter((manager) => 'f:data' in manager.fields)
    .map((manager) => `"${sanitised(manager.name)}"`);
  return managers.length > 0 ? `the field manager ${managers.join(', ')}` : 'somebody who left no mark';
}

/** A Secret as the port shows it. */
export function observed(found: FoundSecret, instance: string): ObservedSecret {
  const fingerprint = fingerprintOf(found);
  return {
    objectUid: found.uid,
    resourceVersion: found.resourceVersion,
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ours: isOurs(found, instance),
  };
}

/** Fingerprint of the leaf that stands in `tls.crt`. */
export const fingerprintOf = (found: FoundSecret): string | undefined =>
  leafFingerprint(base64Text(found.data['tls.crt']));

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
const base64Text = (value: unknown): string =>
  typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
