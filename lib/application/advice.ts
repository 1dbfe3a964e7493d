import type { FailureClass } from '../domain/problem.ts';

/**
 * What to do, by the cause's code: problem types of ACME (RFC 8555 6.7) and our own `ca...`, refusals of rules, of DNS servers, of clusters
 * and of directories.
 */
export const ADVICE: Readonly<Record<string, string>> = {
  // The CA's answers.
  accountDoesNotExist: 'Nothing: the next run registers the account again, with its key, and orders anew.',
  alreadyReplaced: 'Nothing: the order is repeated without naming what it replaces.',
  badCSR: 'The CA does not take such a certificate: compare names, key and isCA in the spec with what the CA issues.',
  badRevocationReason: 'The CA does not take this reason: name another.',
  badPublicKey: "Choose another privateKey.algorithm or size: the CA's documentation says which it takes.",
  badSignatureAlgorithm: 'The CA does not take the account key; use another CA.',
  badNonce: 'Nothing: it is repeated.',
  caa: 'Add a CAA record that names this CA at the domain, or remove the CAA records that forbid it.',
  compound: 'See the causes of the single names.',
  connection: 'The CA could not reach the name: let port 80 through, and check that the name points to this service.',
  dns: "The CA could not look up the name: check the zone's delegation, its name servers and DNSSEC from outside.",
  externalAccountRequired: 'Give the issuer an externalAccountBinding: the CA hands out the key.',
  incorrectResponse:
    'What the CA read is not what was presented: check that the name points here, and who else writes the record.',
  invalidContact: "Correct the issuer's email.",
  invalidProfile: "Correct the issuer's profile: its CA does not offer this one.",
  malformed: 'The CA does not understand the request: check that the server in the issuer is an ACME directory.',
  orderNotReady: 'Nothing: it is asked again.',
  rateLimited: "Wait: the CA's limit says when. Ask for fewer certificates, or for one with several names.",
  rejectedIdentifier: 'The CA does not certify this name, by its policy: use another name or another CA.',
  serverInternal: 'Wait: the CA has a fault. Its status page may say more.',
  tls: 'The CA could not speak TLS with the name: check what answers there.',
  unauthorized:
    'The CA saw something else than what was presented: check that the name points here and no old record is in the way.',
  unsupportedContact: 'Give the issuer a plain mail address as email.',
  unsupportedIdentifier: 'The CA does not certify such names: use another CA.',
  userActionRequired: 'The CA asks for agreement to new terms: see its mail, or its web site.',
  AccountChanged:
    'The CA lets the account that ordered it revoke, or the private key: put the issuer back as it was, or have another ACME client revoke with the private key.',
  CertificateExpired: 'Nothing: what ended needs no revocation.',
  CertificateNotKept: 'Nothing: the certificate is not kept any more. Revoke with its private key, if somebody has it.',
  orderGone: 'Nothing: another order is placed.',
  orderInvalid: 'Nothing: another order is placed. If it repeats, look at the causes of earlier failures.',
  // The CA gave no usable answer.
  caUnreachable: "Check the server's address in the issuer, and that this machine reaches it.",
  caTimeout: 'Wait. If it repeats, check the network between this machine and the CA.',
  caTlsUntrusted: "Give the issuer the caBundle that signs the CA server's own TLS certificate.",
  caMalformed: 'What answers there is no ACME CA: correct the server in the issuer.',
  caAddressRefused: "The CA's address is private or local: an operator must allow it.",
  // DNS-01.
  CnameLoop: 'The CNAMEs at _acme-challenge lead in a circle: correct them.',
  CnameInTheWay: 'A CNAME stands at _acme-challenge: remove it, or set cnameStrategy: Follow.',
  DnsBadKey: 'The DNS server does not know the TSIG key: correct tsigKeyName, or add the key to the server.',
  DnsBadSig: 'The TSIG secret is not what the DNS server has: put the credential again.',
  DnsBadTime: 'The clocks of this machine and of the DNS server differ by more than 5 minutes: set them.',
  DnsConflict: 'Wait. If it repeats, look who else writes TXT records at the name.',
  DnsMalformed: 'What answers there does not speak DNS as RFC 2136 has it: correct nameserver.',
  DnsNotAuth: 'The server is not the primary of the zone, or it wants a TSIG key: correct nameserver or the key.',
  DnsNotPublished: "Wait: some of the zone's name servers do not show the record yet.",
  DnsNotZone: 'The name is not in a zone of this server: correct nameserver, or the selector of the solver.',
  DnsRefused:
    "Allow changes of the _acme-challenge names to this TSIG key in the zone's policy, or to the role in AWS's policies.",
  DnsServFail: 'The DNS server has a fault: its log says why.',
  DnsThrottled: "Wait. If it repeats, see which other programs use the AWS account's quota for Route 53.",
  DnsTimeout: 'Check that this machine reaches the DNS server on UDP and TCP.',
  DnsUnreachable: 'Check that the DNS server runs and that this machine reaches it.',
  DnsZoneAmbiguous: 'Name the hosted zone that is delegated to as hostedZoneID in the solver.',
  AuthorizationNotAsked:
    'The CA wants a proof for another name than was asked for: tell its operator, or use another CA.',
  ServiceRoleNotAllowed:
    "Name a role of the team's in the solver, a zone of the team's policy as hostedZoneID, or use a ClusterIssuer.",
  SolverGone:
    'The solver that presented the challenge is no longer in the issuer: nothing, the next run takes another.',
  SolverNotServed: 'Let the operator give the service access to Route 53, or use another solver.',
  SolverIncomplete: 'Complete the solver in the issuer: its message says what is missing.',
  NoSolverMatches: "Add a solver whose selector covers the name, or correct the selectors' dnsNames and dnsZones.",
  WildcardNeedsDns01: 'Add a dns01 solver that covers the wildcard, or ask for the names one by one.',
  WebhookRefused: 'The webhook refuses: its log says why.',
  WebhookUnreachable: 'Check that the webhook runs and that this machine reaches it.',
  // Waiting.
  RateLimited: "Wait: it is tried when the CA's limit allows it. `chancery limits` shows what the CA allows.",
  CaStillIssuing: 'Wait: the CA is still at it.',
  CaStillValidating: 'Wait: the CA is still checking control of the names.',
  OrderSharedWithAnotherIssuance: 'Wait: another issuance works on the same order.',
  // Issuers.
  IssuerNotFound: 'Apply the issuer, or correct issuerRef.',
  IssuerExpired: 'Renew the CA certificate; what waits for it is issued then.',
  IssuerKeyMismatch: "The CA's key and certificate do not belong together: issue the CA anew.",
  IssuerNotCA: 'The signing certificate is no CA: set isCA: true in its spec.',
  IssuerOutlived: 'The certificate would outlive its CA: renew the CA, or shorten duration.',
  CaNotFound: "Request a Certificate with isCA: true and the issuer's secretName, of the same owner.",
  CaNotIssued: 'Wait for the CA certificate, or see why it is not issued: describe it.',
  CaNotCA: 'Set isCA: true in the spec of the certificate that the issuer names.',
  CaKeyMissing: "The CA's key is not here: issue the CA without a request of its own.",
  CredentialNotFound: 'Put the credential that the issuer names, with the same owner.',
  CredentialFieldMissing: "Name one of the credential's fields as key.",
  ProfileNotOffered: "Correct the issuer's profile: its CA does not offer this one.",
  IssuedMismatch: 'The CA sent another certificate than was asked for: tell its operator. It is ordered anew.',
  KeyMissing: 'Nothing: the certificate is issued again, with a new key. Find out who else writes to the vault.',
  KeyMismatch: 'Nothing: the certificate is issued again, with a new key. Find out who else writes to the vault.',
  ChainMissing: 'Nothing: the next run obtains the certificate again.',
  // Deliveries.
  DestinationTaken: 'Name another destination, or delete the certificate that has this one.',
  NotOwned: 'Something else made this Secret: choose another secretName, or set adopt: true on the destination.',
  NamespaceMissing: 'Create the namespace in the cluster, or correct the destination.',
  NamespaceTerminating: 'The namespace is being deleted: name another, or wait and create it again.',
  Forbidden: "Grant the cluster's credential what deploy/kubernetes says for this namespace.",
  Unauthorized: 'Register the cluster again with a valid credential.',
  Immutable: 'Delete the immutable Secret, or choose another secretName.',
  WrongType: 'Delete the Secret of the other type, or choose another secretName.',
  Invalid: 'An admission rule of the cluster refuses the Secret: its message says which.',
  QuotaExceeded: "Raise the namespace's quota, or delete other objects.",
  ClusterUnknown: 'Register the cluster, or correct the destination.',
  EksIdentityRefused:
    'Have the trust policy of the role allow the service, with the external id shared, and let the operator allow the role.',
  EksNotServed: 'Register the cluster with a kubeconfig, or run the service on AWS.',
  ClusterFailing: 'The API server has a fault: its log says why.',
  TooManyRequests: 'Wait: the cluster asks to slow down.',
  ServiceUnavailable: 'Wait: the API server is not ready.',
  Unreachable: 'Check that the API server runs and that this machine reaches it.',
  TlsUntrusted: 'Register the cluster again with the CA that signs its API server.',
  AddressRefused: 'The address is private or local: an operator must allow it.',
  Timeout: 'Wait. If it repeats, check the network between this machine and the cluster.',
  Conflict: 'Nothing: it is written again.',
  ChangedOnWrite: 'Something in the cluster changes Secrets as they are written: have it leave this one as it is.',
  KeepsChanging:
    'Find out what else writes the copy (`kubectl get secret NAME -o yaml --show-managed-fields`) and stop it, or choose another secretName.',
  BeingDeleted: 'Wait until the Secret is gone; it is written then.',
  NotFound: 'Check that the cluster serves what its address says: its answer is no API server’s.',
  DestinationKindNotServed: 'Let the operator set this kind of destination up, or name another destination.',
  ScheduledForDeletion: 'Restore the secret, wait until it is gone, or name another secret.',
  SecretTooLarge: 'Ask for fewer names in one certificate: the secret would be larger than AWS takes.',
  AwsAccessDenied: 'Allow the service, or the role of the destination, the action that the message names.',
  AwsFailing: 'Wait: AWS has a fault. Its health page may say more.',
  AwsInvalid: 'Correct the destination as the message of AWS says.',
  AwsKeyUnusable: 'Enable the KMS key of the secret, and allow the service to use it.',
  AwsQuotaReached: "Wait, or have the account's quota for Secrets Manager raised.",
  AwsRoleRefused: 'Have the trust policy of the role allow the service, with team/NAME as external id.',
  AwsThrottled: 'Wait: AWS asks to slow down.',
  AwsUnauthorized: 'Give the service credentials that AWS accepts.',
  AwsUnreachable: 'Check that the service reaches the AWS API of the region.',
  KeyKindNotKept: 'Ask for a key of ECDSA or RSA: KMS, where keys of CAs lie here, has no other.',
  MasterKeyUnavailable:
    "An operator must make the vault's key usable again: enable it in KMS, and allow the service to use it. Then it goes on by itself.",
  VaultError:
    'An operator must see why the vault does not open what is sealed: its key cannot be used, or is another one than sealed it.',
  SigningKeyUnusable: 'Enable the KMS key, allow the service to use it, or name another key.',
  PathNotAllowed: 'Choose a directory under a root that the operator allowed.',
  RootMissing: 'Create the root directory on the machine that runs the service.',
  SymlinkRefused: 'Replace the symbolic link in the path by a directory.',
  NameNotAllowed: "Have the name added to the team's policy, or remove it from the spec.",
  DestinationNotAllowed: "Have the destination added to the team's policy, or remove it from the spec.",
  TeamNotFound: 'Create the team again: its certificates still want to be delivered.',
};

const BY_CLASS: Readonly<Record<FailureClass, string>> = {
  now: 'Nothing: it is tried again at once.',
  atTime: 'Wait: it is tried again when the other side allows it.',
  backoff: 'Wait: it is tried again. If it repeats, follow the detail.',
  person: 'Somebody must change what the detail names; then renew, or wait for the next try.',
  configuration: 'Correct the issuer or the spec as the detail says.',
  infrastructure: "Nothing: it is tried again soon. If it repeats, look at the service's log.",
};

/** The CA waits for a person, who ends the pause at the address that its message names. */
const PAUSED =
  'Mend what made so many validations fail, open the link in the detail, and end the pause there. It is tried again by itself, and at once after `chancery limits resume ISSUER` by an operator.';

/** What to do about a cause. Codes that are not known here are answered by their class. */
export function adviceFor(code: string, kind: FailureClass = 'backoff'): string {
  if (code === 'rateLimited' && kind === 'person') return PAUSED;
  return ADVICE[code] ?? BY_CLASS[kind];
}
