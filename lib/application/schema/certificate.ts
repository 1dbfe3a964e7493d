import { z } from 'zod';
import { USAGES, type Usage } from '../../domain/usages.ts';
import { closed } from './closed.ts';
import { duration, issuerRef, labelName, subdomainName } from './common.ts';

/** Far above what a certificate may have, so that the count is refused with its own words and the work is bounded. */
const nameList = z.array(z.string().max(4096)).max(1000);

const texts = z.array(z.string().min(1).max(256)).max(16).optional();

const subject = closed({
  organizations: texts,
  organizationalUnits: texts,
  countries: texts,
  provinces: texts,
  localities: texts,
  streetAddresses: texts,
  postalCodes: texts,
  serialNumber: z.string().min(1).max(64).optional(),
});

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const META_KEY =
  /^(?:(?=.{1,253}\/)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const metaKey = z.string().regex(META_KEY, 'is no valid key for a label or an annotation');

const secretTemplate = closed({
  labels: z
    .record(metaKey, z.string().regex(LABEL_VALUE, 'is no valid value for a label'))
    .optional()
    .describe('Labels that the delivered Secret carries.'),
  annotations: z
    .record(metaKey, z.string().max(65536))
    .optional()
    .describe(
      'Annotations that the delivered Secret carries; those of cert-manager.io and chancery.dev are ours to write.',
    ),
});

const privateKey = closed({
  algorithm: z.enum(['ECDSA', 'RSA', 'Ed25519']).optional().describe('Default ECDSA; in a cert-manager manifest RSA.'),
  size: z.int().optional().describe('ECDSA: 256 (default), 384 or 521. RSA: 2048 (default), 3072 or 4096.'),
  encoding: z.enum(['PKCS1', 'PKCS8']).optional().describe('Of tls.key. Default PKCS1; Ed25519 keys are always PKCS8.'),
  rotationPolicy: z.enum(['Always', 'Never']).optional().describe('Always (default): a new key at every renewal.'),
});

/**
 * A destination as input: a Secret in a cluster, a directory, or a secret of AWS Secrets Manager. One object with all members rather than a
 * union, so that errors stay plain; normalizing checks that it is one of them. `kind` and `path` are how a stored destination reads, and are
 * taken back.
 */
const destination = closed({
  kind: z
    .enum(['kubernetes', 'directory', 'secretsManager'])
    .optional()
    .describe('Follows from the other members; secretsManager alone is a secret in the account of the service.'),
  cluster: subdomainName.optional().describe('A registered cluster.'),
  namespace: labelName.optional().describe("Default: the team's name."),
  secretName: subdomainName.optional().describe("Default: the certificate's secretName."),
  adopt: z.boolean().optional().describe('Take over a Secret of this name that something else made.'),
  directory: z.string().optional().describe('An absolute path on the machine that runs the service; path is the same.'),
  path: z.string().optional().describe('As directory.'),
  name: z
    .string()
    .optional()
    .describe('Of a secret in AWS Secrets Manager. Default: chancery/TEAM/CERTIFICATE-{uid}; {uid} is filled in.'),
  region: z.string().optional().describe("Of the secret. Default: the service's own."),
  roleArn: z.string().optional().describe('A role that is assumed to write the secret in another account.'),
});

const renewalWindow = closed({
  cron: z.string().max(256).describe('When it opens: five fields, minute to day of the week.'),
  windowDuration: duration.describe('How long it stays open; at least 10m.'),
  timezone: z.string().max(64).optional().describe('An IANA name, such as Europe/Berlin. Default: UTC.'),
});

/** When renewals by time may happen. */
export const renewal = closed({
  policy: z
    .enum(['RenewBefore', 'Disabled'])
    .optional()
    .describe('RenewBefore: by renewBefore or its default (default). Disabled: never by time.'),
  windows: z
    .array(renewalWindow)
    .max(16)
    .optional()
    .describe('Renewals by time happen in one of them. Default: at any time.'),
  freezes: z.array(renewalWindow).max(16).optional().describe('In none of them does a renewal by time happen.'),
});

/** A certificate's spec as users write it: cert-manager's CertificateSpec plus `destinations` and `request`. */
export const certificateSpec = closed(
  {
    commonName: z
      .string()
      .optional()
      .describe('At most 64 characters. A host name with a dot is also added to dnsNames when it is not there.'),
    subject: subject.optional().describe('Attributes beside the common name. Public CAs drop them.'),
    dnsNames: z
      .array(z.string())
      .optional()
      .describe('Host names, `*.` in front for a wildcard. Unicode becomes A-labels.'),
    ipAddresses: nameList.optional().describe('IPv4 and IPv6 addresses.'),
    uris: nameList.optional().describe('Absolute URIs, such as SPIFFE ids.'),
    emailAddresses: nameList.optional().describe('Mail addresses.'),
    issuerRef: issuerRef.describe('Who signs.'),
    secretName: subdomainName.optional().describe("Of the delivered Secret. Default: the certificate's name."),
    secretTemplate: secretTemplate.optional().describe('What the delivered Secret carries beside the certificate.'),
    duration: duration.optional().describe('Default 2160h (90 days), at least 1h. ACME CAs decide themselves.'),
    renewBefore: duration
      .optional()
      .describe(
        'Before expiry; at least 5m, below duration. Default: a third of the actual lifetime, half of one under ten days.',
      ),
    renewBeforePercentage: z
      .int()
      .optional()
      .describe('As renewBefore, in percent of the lifetime: 1 to 99. Not both.'),
    privateKey: privateKey.optional().describe('Which key is made. In CSR mode the requester has made it.'),
    usages: z
      .array(z.enum(Object.keys(USAGES) as Usage[]))
      .max(32)
      .optional()
      .describe('Default: digital signature, key encipherment.'),
    isCA: z.boolean().optional().describe('The certificate may sign others. Default false.'),
    request: z
      .string()
      .max(65536)
      .optional()
      .describe('A PEM certificate request: the requester keeps the key. Its names count when the spec has none.'),
    destinations: z
      .array(destination)
      .max(100)
      .optional()
      .describe('Where copies go. Default: nowhere; on AWS a secret in Secrets Manager.'),
    renewal: renewal
      .optional()
      .describe('When renewals may happen. Near the end they happen all the same: with a tenth of the lifetime left.'),
    revisionHistoryLimit: z
      .int()
      .min(1)
      .optional()
      .describe('Accepted; has no effect: the ledger keeps every revision.'),
  },
  {
    literalSubject: 'use commonName and subject',
    otherNames: 'use dnsNames, ipAddresses, uris and emailAddresses',
    keystores: 'make the keystore from tls.crt and tls.key where it is used',
    additionalOutputFormats: 'make the other format from tls.crt and tls.key where it is used',
    nameConstraints: 'leave it out, or sign this CA elsewhere',
    signatureAlgorithm: "leave it out: it follows from the signing key's kind",
    encodeUsagesInRequest: 'leave it out: usages are set when the certificate is signed',
  },
);

/** The body of PUT /v1/teams/{team}/certificates/{name}. */
export const certificateBody = closed({ spec: certificateSpec });

export type CertificateSpecInput = z.output<typeof certificateSpec>;
export type DestinationInput = z.output<typeof destination>;
