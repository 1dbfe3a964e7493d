import type { Destination } from './destination.ts';
import type { RateLimitsSpec } from './rateLimits.ts';

/** A private key's kind. RSA size in bits; ECDSA size names the curve (256, 384, 521); Ed25519 has one size. */
export interface KeyKind {
  readonly algorithm: 'ECDSA' | 'RSA' | 'Ed25519';
  readonly size: number;
}

/** cert-manager's privateKey, with every default taken. */
export interface PrivateKeySpec extends KeyKind {
  readonly encoding: 'PKCS1' | 'PKCS8';
  readonly rotationPolicy: 'Always' | 'Never';
}

/** Which issuer: a team's own (`Issuer`) or a shared one (`ClusterIssuer`). */
export interface IssuerRef {
  readonly name: string;
  readonly kind: 'Issuer' | 'ClusterIssuer';
}

/** A subject's attributes, named as cert-manager names them. */
export interface Subject {
  readonly organizations?: readonly string[];
  readonly organizationalUnits?: readonly string[];
  readonly countries?: readonly string[];
  readonly provinces?: readonly string[];
  readonly localities?: readonly string[];
  readonly streetAddresses?: readonly string[];
  readonly postalCodes?: readonly string[];
  readonly serialNumber?: string;
}

/** Labels and annotations that a delivered Secret carries. */
export interface SecretTemplate {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A time that comes again: from each instant that `cron` names (five fields, in `timezone`), for as long as `windowDuration`. */
export interface RenewalWindow {
  readonly cron: string;
  /** A Go duration. */
  readonly windowDuration: string;
  /** An IANA name. */
  readonly timezone: string;
}

/** How and when to renew, as cert-manager 1.21 has it, plus `freezes`: times in which nothing is renewed. */
export interface RenewalSpec {
  /** Disabled: no renewal by time. */
  readonly policy: 'RenewBefore' | 'Disabled';
  /** Empty: at any time. */
  readonly windows: readonly RenewalWindow[];
  readonly freezes: readonly RenewalWindow[];
  /** Taken over from the team's policy, which the certificate follows. Absent: the spec's own. */
  readonly of?: 'team';
}

/**
 * The desired certificate: cert-manager's CertificateSpec plus `destinations`, normal and with every default taken, as events keep it.
 * Durations are Go durations (`2160h`). Names are lower case A-labels in the order given, without duplicates.
 */
export interface CertificateSpec {
  readonly commonName?: string;
  readonly subject?: Subject;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly issuerRef: IssuerRef;
  readonly secretName: string;
  readonly secretTemplate?: SecretTemplate;
  readonly duration: string;
  readonly renewBefore?: string;
  /** Whole percent of the actual lifetime, 1 to 99. */
  readonly renewBeforePercentage?: number;
  /** Absent: at any time. */
  readonly renewal?: RenewalSpec;
  readonly privateKey: PrivateKeySpec;
  readonly usages: readonly string[];
  readonly isCA: boolean;
  /** CSR mode: the requester keeps the key; a PEM CERTIFICATE REQUEST. */
  readonly request?: string;
  readonly destinations: readonly Destination[];
}

/** A reference to a Credential of the same owner, or to one field (`key`) of it. Shaped as cert-manager's SecretKeySelector. */
export interface CredentialRef {
  readonly name: string;
  readonly key?: string;
}

/** Which names a solver serves. An empty selector serves all. */
export interface SolverSelector {
  readonly dnsNames?: readonly string[];
  readonly dnsZones?: readonly string[];
}

/** dns01 over RFC 2136 dynamic update, with TSIG when a key is named. `nameserver` is `host`, `host:port` or `[v6]:port`. */
export interface Rfc2136Spec {
  readonly nameserver: string;
  readonly tsigKeyName?: string;
  /** HMACMD5 is refused; HMACSHA1, HMACSHA256, HMACSHA512 as cert-manager spells them. */
  readonly tsigAlgorithm?: 'HMACSHA1' | 'HMACSHA256' | 'HMACSHA512';
  readonly tsigSecretSecretRef?: CredentialRef;
}

/** dns01 by an HTTP service: POST {url}/present and {url}/cleanup with `{"fqdn","value"}`. */
export interface WebhookSpec {
  readonly url: string;
  readonly caBundle?: string;
  /** Sent as `Authorization: Bearer`. */
  readonly tokenSecretRef?: CredentialRef;
}

/**
 * dns01 by Amazon Route 53, named as cert-manager names it. Without `hostedZoneID` the public zone that fits the name best is looked up;
 * `role` is assumed to write in another account. There are no static keys: the service works with its own role.
 */
export interface Route53Spec {
  readonly hostedZoneID?: string;
  readonly region?: string;
  /** ARN of an IAM role. */
  readonly role?: string;
}

/** Exactly one of the first three is present. */
export interface Dns01Spec {
  readonly rfc2136?: Rfc2136Spec;
  readonly webhook?: WebhookSpec;
  readonly route53?: Route53Spec;
  /** Follow: validate at the CNAME target of `_acme-challenge.<name>`. cert-manager's cnameStrategy. */
  readonly cnameStrategy?: 'None' | 'Follow';
  /** Authoritative servers as `host:port`, asked for propagation in place of the zone's NS records. */
  readonly nameservers?: readonly string[];
}

export interface Solver {
  readonly selector?: SolverSelector;
  readonly dns01?: Dns01Spec;
  readonly http01?: Readonly<Record<string, unknown>>;
}

export interface AcmeIssuerSpec {
  readonly server: string;
  readonly email?: string;
  readonly preferredChain?: string;
  /** PEM text (cert-manager carries it base64-encoded; manifests decode it). */
  readonly caBundle?: string;
  readonly skipTLSVerify?: boolean;
  readonly profile?: string;
  readonly enableDurationFeature?: boolean;
  readonly externalAccountBinding?: { readonly keyID: string; readonly keySecretRef: CredentialRef };
  /** Kept for cert-manager's manifests; the account key lives in the vault whatever it names. */
  readonly privateKeySecretRef?: CredentialRef;
  readonly solvers: readonly Solver[];
  /** What the CA allows. Absent: as it is known for. */
  readonly rateLimits?: RateLimitsSpec;
}

/** `secretName` is the owner's Certificate with this secretName; its key signs. */
export interface CaIssuerSpec {
  readonly secretName: string;
}

/** When an issuer's certificates go to another CA, and when they come back. Durations are Go durations. */
export interface FailoverSpec {
  /** In order; the first that can issue is taken. */
  readonly to: readonly IssuerRef[];
  /** Attempts that failed for a reason of the CA's, within `window`. */
  readonly failures: number;
  readonly window: string;
  /** Percent of a certificate's life: one that has more left waits for the issuer itself. */
  readonly lifeLeft: number;
  /** How long the issuer is left alone at least before it is taken back. */
  readonly back: string;
}

/** Exactly one of `acme`, `ca` and `selfSigned` is present. */
export interface IssuerSpec {
  readonly acme?: AcmeIssuerSpec;
  readonly ca?: CaIssuerSpec;
  readonly selfSigned?: Readonly<Record<string, unknown>>;
  /** Who issues in this issuer's place while its CA fails. */
  readonly failover?: FailoverSpec;
}
