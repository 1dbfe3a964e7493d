import { fieldOf } from '../../domain/fieldPath.ts';
import type { Findings } from '../../domain/inputInvalid.ts';
import { normalizeDnsName } from '../../domain/names.ts';
import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Dns01Spec, Rfc2136Spec, Route53Spec, Solver, SolverSelector, WebhookSpec } from '../../domain/spec.ts';
import { checkRegion, checkRoleArn, ZONE_ID } from './aws.ts';
import type { Defaults } from './common.ts';
import { checkHostPort, checkHttps, normalizeCaBundle } from './endpoints.ts';
import type { Dns01Input, SolverInput } from './issuer.ts';

/** A solver in its normal form: exactly one of dns01 and http01. What is wrong goes to `findings`. */
export function normalizeSolver(input: SolverInput, at: string, defaults: Defaults, findings: Findings): Solver {
  const selector = input.selector && normalizeSelector(input.selector, fieldOf(at, 'selector'), findings);
  if ((input.dns01 === undefined) === (input.http01 === undefined)) {
    findings.add(at, 'SolverTypeMissing', 'must have exactly one of dns01 and http01', 'make one solver of each type');
  }
  const dns01 = input.dns01 && normalizeDns01(input.dns01, fieldOf(at, 'dns01'), defaults, findings);
  return { ...(selector && { selector }), ...(dns01 && { dns01 }), ...(input.http01 && { http01: input.http01 }) };
}

function normalizeSelector(
  input: NonNullable<SolverInput['selector']>,
  at: string,
  findings: Findings,
): SolverSelector | undefined {
  const read = (member: 'dnsNames' | 'dnsZones'): string[] =>
    (input[member] ?? []).flatMap((text, index) => {
      // A zone is often written as name servers print it, with a dot at its end.
      const name = member === 'dnsZones' ? text.replace(/\.$/, '') : text;
      const normal = findings.attempt(() => normalizeDnsName(name, fieldOf(at, member, index)));
      return normal === undefined ? [] : [normal];
    });
  const [dnsNames, dnsZones] = [read('dnsNames'), read('dnsZones')];
  if (dnsNames.length + dnsZones.length === 0) return undefined;
  return { ...(dnsNames.length > 0 && { dnsNames }), ...(dnsZones.length > 0 && { dnsZones }) };
}

function normalizeDns01(input: Dns01Input, at: string, defaults: Defaults, findings: Findings): Dns01Spec {
  const { cnameStrategy, nameservers } = input;
  const providers = [input.rfc2136, input.route53, input.webhook].filter((provider) => provider !== undefined);
  if (providers.length !== 1) {
    findings.add(at, 'DnsProviderMissing', 'must have exactly one of rfc2136, route53 and webhook');
  }
  const rfc2136 = input.rfc2136 && normalizeRfc2136(input.rfc2136, fieldOf(at, 'rfc2136'), defaults, findings);
  const webhook = input.webhook && normalizeWebhook(input.webhook, fieldOf(at, 'webhook'), findings);
  const route53 = input.route53 && normalizeRoute53(input.route53, fieldOf(at, 'route53'), findings);
  nameservers?.forEach((server, index) => {
    findings.attempt(() => checkHostPort(server, fieldOf(at, 'nameservers', index)));
  });
  return {
    ...(rfc2136 && { rfc2136 }),
    ...(webhook && { webhook }),
    ...(route53 && { route53 }),
    ...(cnameStrategy && { cnameStrategy }),
    ...(nameservers && nameservers.length > 0 && { nameservers }),
  };
}

const TSIG_ALGORITHMS = ['HMACSHA1', 'HMACSHA256', 'HMACSHA512'] as const;

function normalizeRfc2136(
  input: NonNullable<Dns01Input['rfc2136']>,
  at: string,
  defaults: Defaults,
  findings: Findings,
): Rfc2136Spec {
  const { nameserver, tsigKeyName, tsigSecretSecretRef } = input;
  findings.attempt(() => checkHostPort(nameserver, fieldOf(at, 'nameserver')));
  if (Boolean(tsigKeyName) !== Boolean(tsigSecretSecretRef)) {
    const missing = tsigKeyName ? 'tsigSecretSecretRef' : 'tsigKeyName';
    findings.add(fieldOf(at, missing), 'MissingField', 'is required: tsigKeyName and tsigSecretSecretRef go together');
  }
  if (!tsigKeyName || !tsigSecretSecretRef) return { nameserver };
  const read = () => normalizeTsigAlgorithm(input.tsigAlgorithm, defaults, fieldOf(at, 'tsigAlgorithm'));
  return { nameserver, tsigKeyName, tsigAlgorithm: findings.attempt(read)!, tsigSecretSecretRef };
}

/** cert-manager reads the word in any case, and takes HMACMD5 where there is none. MD5 is not signed with here. */
function normalizeTsigAlgorithm(
  written: string | undefined,
  defaults: Defaults,
  field: string,
): (typeof TSIG_ALGORITHMS)[number] {
  const word = written ? written.toUpperCase() : defaults === 'chancery' ? 'HMACSHA256' : 'HMACMD5';
  const known = TSIG_ALGORITHMS.find((algorithm) => algorithm === word);
  if (known) return known;
  const remedy = `use one of ${TSIG_ALGORITHMS.join(', ')}, with a key made for it`;
  const what = word === 'HMACMD5' ? 'HMACMD5 is too weak' : `${quoted(written ?? '')} is no TSIG algorithm`;
  throw new Refusal(
    'TsigAlgorithmUnsupported',
    written ? what : "is not named, and cert-manager's default HMACMD5 is too weak",
    {
      field,
      remedy,
    },
  );
}

function normalizeWebhook(input: NonNullable<Dns01Input['webhook']>, at: string, findings: Findings): WebhookSpec {
  const { url, tokenSecretRef } = input;
  // A token must not cross a network in the clear; without one, plain HTTP shows nothing that the DNS will not show.
  if (tokenSecretRef || !url.startsWith('http://')) findings.attempt(() => checkHttps(url, fieldOf(at, 'url')));
  const caBundle =
    input.caBundle && findings.attempt(() => normalizeCaBundle(input.caBundle!, fieldOf(at, 'caBundle')));
  return { url, ...(caBundle && { caBundle }), ...(tokenSecretRef && { tokenSecretRef }) };
}

function normalizeRoute53(input: NonNullable<Dns01Input['route53']>, at: string, findings: Findings): Route53Spec {
  const [region, role] = [input.region || undefined, input.role || undefined];
  // The API writes ids with this in front.
  const hostedZoneID = input.hostedZoneID?.replace(/^\/hostedzone\//, '');
  if (hostedZoneID && !ZONE_ID.test(hostedZoneID)) {
    findings.add(
      fieldOf(at, 'hostedZoneID'),
      'InvalidZoneId',
      'is no id of a hosted zone',
      'write it as Z0123456789ABC',
    );
  }
  findings.attempt(() => checkRegion(region, fieldOf(at, 'region')));
  findings.attempt(() => checkRoleArn(role, fieldOf(at, 'role')));
  return { ...(hostedZoneID && { hostedZoneID }), ...(region && { region }), ...(role && { role }) };
}
