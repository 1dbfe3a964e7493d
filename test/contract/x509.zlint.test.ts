import { beforeAll, expect, it } from 'vitest';
import type { KeyKind } from '../../lib/domain/spec.ts';
import { type Issued, issue, issueRoot, P256, type Wanted } from '../support/internalCa.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type LintFinding, zlint } from '../support/peers/zlint.ts';
import { authority, keyKinds, leafKinds } from './x509Kinds.ts';

/**
 * Errors that hold for the public web alone, each with the reason why it stands here. `only`: the findings of the lint that are meant, where
 * another could be a fault of ours.
 */
const ALLOWED: Readonly<Record<string, { readonly reason: string; readonly only?: RegExp }>> = {
  e_dnsname_not_valid_tld: { reason: 'private names, and those reserved for tests, end in no public TLD' },
  e_ext_san_contains_reserved_ip: { reason: 'private networks have such addresses' },
  e_ext_san_uniform_resource_identifier_present: { reason: 'workloads are named by SPIFFE URIs' },
  e_ca_country_name_missing: { reason: 'a private CA is named by its owner; a common name is enough' },
  e_ca_organization_name_missing: { reason: 'a private CA is named by its owner; a common name is enough' },
  e_sub_cert_aia_missing: { reason: 'a private CA serves no issuer certificates and no OCSP; the chain is delivered' },
  e_sub_cert_cert_policy_empty: { reason: 'policies are identifiers of the public web' },
  e_sub_cert_certificate_policies_missing: { reason: 'policies are identifiers of the public web' },
  e_sub_ca_certificate_policies_missing: { reason: 'policies are identifiers of the public web' },
  e_sub_ca_crl_distribution_points_missing: {
    reason: 'a private CA publishes no revocation list; leaves are short-lived',
  },
  e_subject_common_name_not_exactly_from_san: { reason: 'the requester asked for a common name that is no DNS name' },
  e_organizational_unit_name_prohibited: { reason: 'the requester asked for it; clusters authorise by it' },
  e_duplicate_subject_attribs: {
    reason: 'the requester asked for two; clusters read groups from them',
    only: /organizationName|organizationalUnitName/,
  },
  e_sub_cert_eku_check: { reason: 'the requester asked for the usage any', only: /any MUST NOT be present/ },
  e_mp_ecdsa_pub_key_encoding_correct: { reason: 'Mozilla admits no P-521', only: /06052b81040023$/ },
  e_mp_ecdsa_signature_encoding_correct: { reason: 'Mozilla admits no P-521', only: /signature length 13\d$/ },
  e_algorithm_identifier_improper_encoding: { reason: 'the public web admits no Ed25519', only: /"300506032b6570"/ },
  e_signature_algorithm_not_supported: { reason: 'the public web admits no Ed25519' },
};

const isAllowed = ({ lint, details = '' }: LintFinding): boolean => {
  const allowed = ALLOWED[lint];
  return allowed !== undefined && (allowed.only?.test(details) ?? true);
};

const found = new Set<string>();

describeWith(['zlint'], 'zlint on what the internal CA makes', () => {
  let root: Issued;
  let intermediate: Issued;
  beforeAll(async () => {
    ({ root, intermediate } = await authority(P256));
  });

  /** Errors that are not allowed for. */
  async function errors(certificate: string): Promise<unknown[]> {
    const findings = (await zlint(certificate)).filter(({ result }) => result !== 'warn');
    for (const { lint } of findings) found.add(lint);
    return findings.filter((finding) => !isAllowed(finding));
  }

  it.each(keyKinds)('finds no error in a root and an intermediate with keys of kind %s', async (_, kind) => {
    const made = await authority(kind);
    expect(await errors(made.root.certificate)).toEqual([]);
    expect(await errors(made.intermediate.certificate)).toEqual([]);
  });

  it.each(keyKinds)('finds no error in a leaf with a key of kind %s', async (_, kind) => {
    expect(await errors((await issue({ dnsNames: ['app.example.test'] }, intermediate, kind)).certificate)).toEqual([]);
  });

  it.each(leafKinds)('finds no error in a leaf with %s', async (_, wanted) => {
    for (const kind of [P256, { algorithm: 'RSA', size: 2048 } satisfies KeyKind]) {
      expect(await errors((await issue(wanted, intermediate, kind)).certificate)).toEqual([]);
    }
  });

  it.each<[string, Wanted]>([
    ['clients', { commonName: 'client', usages: ['signing', 'client auth'] }],
    ['email', { emailAddresses: ['a@example.test'], usages: ['signing', 'content commitment', 'email protection'] }],
    ['a workload', { uris: ['spiffe://example.test/app'], usages: ['signing', 'server auth', 'client auth'] }],
    ['code signing', { commonName: 'Builder', usages: ['signing', 'code signing'] }],
    ['anything', { dnsNames: ['app.example.test'], usages: ['signing', 'any'] }],
  ])('finds no error in a leaf for %s', async (_, wanted) => {
    expect(await errors((await issue(wanted, intermediate)).certificate)).toEqual([]);
  });

  it('finds no error in a self-signed leaf, with and without a subject', async () => {
    expect(await errors((await issue({ dnsNames: ['app.example.test'] })).certificate)).toEqual([]);
    expect(await errors((await issue({ dnsNames: ['app.example.test'], commonName: 'App' })).certificate)).toEqual([]);
  });

  it('finds no error in a certificate that ends after 2049', async () => {
    const notAfter = '2051-01-01T00:00:00.000Z';
    const old = await issueRoot(P256, { notAfter });
    expect(await errors(old.certificate)).toEqual([]);
    expect(await errors((await issue({ commonName: 'CA', isCA: true, notAfter }, old)).certificate)).toEqual([]);
  });

  it('finds the errors that it is asked to find', async () => {
    const wrong = await issue({ dnsNames: ['under_score.example.test'] }, root);
    expect(await errors(wrong.certificate)).toContainEqual(expect.objectContaining({ result: 'error' }));
  });

  it('found every error that is allowed for, so that the list does not outlive its reasons', () => {
    expect(Object.keys(ALLOWED).filter((lint) => !found.has(lint))).toEqual([]);
  });
});
