import { quoted } from './quoted.ts';
import { Refusal } from './refusal.ts';
import type { CertificateSpec } from './spec.ts';

/** The names of a spec or of a request, each list in normal form. */
export type CertificateNames = Pick<
  CertificateSpec,
  'commonName' | 'dnsNames' | 'ipAddresses' | 'uris' | 'emailAddresses'
>;

const LISTS = ['dnsNames', 'ipAddresses', 'uris', 'emailAddresses'] as const;

/**
 * CSR mode: the requester's request must ask for exactly the names of the spec, in any order. A common name that repeats one of the spec's
 * names counts as that name, because `openssl req` and older tools put the first name there.
 * @throws Refusal `CsrNamesDiffer` that tells every difference
 */
export function csrMatches(spec: CertificateNames, csr: CertificateNames): void {
  const differences = [
    ...commonNameDifference(spec, csr),
    ...LISTS.flatMap((list) => listDifferences(list, spec[list], csr[list], csr.commonName?.toLowerCase())),
  ];
  if (differences.length === 0) return;
  throw new Refusal('CsrNamesDiffer', `The request is for other names than the spec: ${differences.join('; ')}`, {
    field: 'spec.request',
    remedy: 'Make the request for the names of the spec, or change the spec',
  });
}

function commonNameDifference(spec: CertificateNames, { commonName }: CertificateNames): string[] {
  if (commonName === spec.commonName) return [];
  if (commonName === undefined) return [`commonName lacks ${quoted(spec.commonName!)}`];
  const name = commonName.toLowerCase();
  const repeats = spec.commonName === undefined && LISTS.some((list) => spec[list].includes(name));
  return repeats ? [] : [`commonName is ${quoted(commonName)}`];
}

function listDifferences(
  list: string,
  wanted: readonly string[],
  asked: readonly string[],
  commonName: string | undefined,
): string[] {
  return [
    ...wanted
      .filter((name) => !asked.includes(name) && name !== commonName)
      .map((name) => `${list} lacks ${quoted(name)}`),
    ...asked.filter((name) => !wanted.includes(name)).map((name) => `${list} also has ${quoted(name)}`),
  ];
}
