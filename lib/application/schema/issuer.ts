import { z } from 'zod';
import { closed } from './closed.ts';
import { credentialRef, duration, issuerRef, labelName, subdomainName } from './common.ts';

const PROVIDERS =
  'supported: rfc2136, route53, webhook, or http01; or delegate _acme-challenge by CNAME to a zone that takes one of them';

const NO_KEYS = "leave it out: static keys are not taken; the service's own role writes, or the one that role names";

const route53 = closed(
  {
    hostedZoneID: z.string().max(64).optional().describe('Default: the public zone that fits the name best.'),
    region: z.string().max(64).optional().describe("Of the API's requests. Default: the service's own."),
    role: z.string().max(2048).optional().describe('ARN of a role that is assumed to write in another account.'),
  },
  { accessKeyID: NO_KEYS, accessKeyIDSecretRef: NO_KEYS, secretAccessKeySecretRef: NO_KEYS, auth: NO_KEYS },
);

const rfc2136 = closed({
  nameserver: z.string().min(1).max(300).describe('Takes the updates: host, host:port or [IPv6]:port.'),
  tsigKeyName: z.string().max(255).optional().describe('Without it updates are not signed.'),
  tsigAlgorithm: z
    .string()
    .optional()
    .describe(
      'HMACSHA1, HMACSHA256 (default) or HMACSHA512. A cert-manager manifest must name it: its default is HMACMD5.',
    ),
  tsigSecretSecretRef: credentialRef.optional().describe("The TSIG key's secret, base64 as tsig-keygen prints it."),
  protocol: z.enum(['TCP', 'UDP']).optional().describe('Accepted; has no effect: the update itself chooses.'),
});

const webhook = closed(
  {
    url: z.url().max(2048).describe('Gets POST {url}/present and {url}/cleanup with fqdn and value.'),
    caBundle: z.string().max(65536).optional().describe("The server's CA: PEM, or PEM in base64."),
    tokenSecretRef: credentialRef.optional().describe('Sent as bearer token.'),
  },
  {
    groupName: 'webhooks in a cluster are not called: give the url of an HTTP service',
    solverName: 'webhooks in a cluster are not called: give the url of an HTTP service',
    config: 'webhooks in a cluster are not called: give the url of an HTTP service',
  },
);

const dns01 = closed(
  {
    rfc2136: rfc2136.optional().describe('A name server that takes dynamic updates (RFC 2136).'),
    webhook: webhook.optional().describe('An HTTP service that sets TXT records.'),
    route53: route53.optional().describe('Amazon Route 53, with the access that the service has.'),
    cnameStrategy: z
      .enum(['None', 'Follow'])
      .optional()
      .describe('Follow: validate at the target of a CNAME at _acme-challenge.'),
    nameservers: z
      .array(z.string().max(300))
      .max(16)
      .optional()
      .describe('Asked for propagation in place of the NS records.'),
  },
  {
    acmeDNS: PROVIDERS,
    akamai: PROVIDERS,
    azureDNS: PROVIDERS,
    cloudDNS: PROVIDERS,
    cloudflare: PROVIDERS,
    digitalocean: PROVIDERS,
  },
);

/** Whatever cert-manager's HTTP-01 solver is told about pods and routes: recorded, and not used. */
const recorded = z.record(z.string(), z.unknown());

const solver = closed(
  {
    selector: closed(
      {
        dnsNames: z.array(z.string()).max(1000).optional().describe('Serves exactly these names. First of all.'),
        dnsZones: z
          .array(z.string())
          .max(1000)
          .optional()
          .describe('Serves names in these zones. The longest zone wins.'),
      },
      { matchLabels: 'select by dnsNames or dnsZones' },
    )
      .optional()
      .describe('Which names the solver serves. Without it: all.'),
    dns01: dns01.optional().describe('By a TXT record (RFC 8555 8.4): exactly one of rfc2136, route53 and webhook.'),
    http01: closed({
      ingress: recorded.optional().describe('Recorded, not used.'),
      gatewayHTTPRoute: recorded.optional().describe('Recorded, not used.'),
    })
      .optional()
      .describe('Answered by the service itself: route /.well-known/acme-challenge/ to it.'),
  },
  { waitInsteadOfSelfCheck: 'leave it out: every authoritative name server is asked' },
);

const limit = (what: string) =>
  closed({
    count: z.int().min(1).max(1_000_000).optional().describe('Tokens of the bucket.'),
    period: duration.optional().describe('In which an empty bucket is full again; 1s to 8760h.'),
    none: z.literal(true).optional().describe('Not limited.'),
  })
    .optional()
    .describe(what);

const share = z
  .string()
  .regex(/^(?:[1-9]\d{0,6}|(?:[1-9]\d?|100)%)$/, 'must be a number of tokens, or a percentage such as 25%')
  .optional();

const rateLimits = closed({
  none: z.literal(true).optional().describe('Nothing is counted. What the CA itself says (429, 503) still holds.'),
  newRegistrations: limit('New accounts.'),
  newOrders: limit('New orders of one account.'),
  certificatesPerDomain: limit('Certificates for one registered domain.'),
  certificatesPerIdentifierSet: limit('Certificates for exactly the same names.'),
  failedValidations: limit('Validations of one name that fail, for one account.'),
  renewalsExempt: z
    .boolean()
    .optional()
    .describe('Whether the CA leaves renewals out of newOrders and certificatesPerDomain.'),
  teamShares: z
    .record(labelName, closed({ newOrders: share, certificatesPerDomain: share }))
    .optional()
    .describe(
      'By team, what it may use of newOrders and certificatesPerDomain: a number, or a percentage such as 25%.',
    ),
});

const acme = closed(
  {
    server: z.url().max(2048).describe("The CA's directory; https."),
    email: z.string().max(320).optional().describe('Contact of the account.'),
    preferredChain: z.string().max(64).optional().describe("Common name of the chain's topmost issuer."),
    caBundle: z.string().max(262144).optional().describe("CA of the server's own TLS: PEM, or PEM in base64."),
    skipTLSVerify: z.boolean().optional().describe('For tests only.'),
    profile: z.string().max(256).optional().describe('As the directory offers.'),
    enableDurationFeature: z.boolean().optional().describe("Ask the CA for the spec's duration."),
    externalAccountBinding: closed({
      keyID: z.string().min(1).max(1024).describe("The CA's name for the key."),
      keySecretRef: credentialRef.describe('The HMAC key, base64url.'),
      keyAlgorithm: z.enum(['HS256', 'HS384', 'HS512']).optional().describe('Accepted; has no effect: always HS256.'),
    })
      .optional()
      .describe('RFC 8555 7.3.4.'),
    privateKeySecretRef: credentialRef
      .optional()
      .describe('Accepted; the account key lies in the vault whatever it names.'),
    disableAccountKeyGeneration: z
      .literal(false)
      .optional()
      .describe('Only false: the account key is always made here.'),
    solvers: z.array(solver).max(100).optional().describe('How control of names is proved.'),
    rateLimits: rateLimits
      .optional()
      .describe("What the CA allows. Default: as it is known for (Let's Encrypt), or nothing."),
  },
  { renewalInformationSource: 'leave it out: a CA that offers renewal information is always asked' },
);

const failover = closed({
  to: z.array(issuerRef).min(1).max(10).describe('In order: the first that can issue for the certificate is taken.'),
  failures: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('Attempts that fail for a reason of the CA, within window, before others stand in. Default 3.'),
  window: duration.optional().describe('Default 1h; 1m to 168h.'),
  lifeLeft: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe("Percent of a certificate's life: one that has more left waits for the issuer itself. Default 20."),
  back: duration
    .optional()
    .describe(
      'How long others stand in at least; then the issuer is taken back when its check finds it well. Default 1h.',
    ),
});

const NO_EXTENSIONS = 'leave it out: the extension is not written';

/** An issuer's spec as users write it, shaped as cert-manager's IssuerSpec: exactly one type, and our failover. */
export const issuerSpec = closed(
  {
    acme: acme.optional().describe('An ACME CA (RFC 8555).'),
    ca: closed(
      { secretName: subdomainName.describe("The owner's Certificate with this secretName; its key signs.") },
      { crlDistributionPoints: NO_EXTENSIONS, ocspServers: NO_EXTENSIONS, issuingCertificateURLs: NO_EXTENSIONS },
    )
      .optional()
      .describe('A CA whose key is here.'),
    selfSigned: closed({}, { crlDistributionPoints: NO_EXTENSIONS })
      .optional()
      .describe('Certificates signed by their own key, such as roots.'),
    failover: failover.optional().describe('Who issues in its place while its CA fails.'),
  },
  { vault: 'supported: acme, ca, selfSigned', venafi: 'supported: acme, ca, selfSigned' },
);

/** The body of PUT of an issuer. */
export const issuerBody = closed({ spec: issuerSpec });

export type IssuerSpecInput = z.output<typeof issuerSpec>;
export type FailoverInput = z.output<typeof failover>;
export type AcmeInput = z.output<typeof acme>;
export type SolverInput = z.output<typeof solver>;
export type Dns01Input = z.output<typeof dns01>;
