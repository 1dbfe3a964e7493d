import { Findings } from '../domain/inputInvalid.ts';
import { Refusal } from '../domain/refusal.ts';
import type { CertificateSpec } from '../domain/spec.ts';
import type { X509 } from '../ports/x509.ts';
import { namesSomething, normalizeNames } from './schema/normalizeNames.ts';

type Reads = Pick<X509, 'readCsr'>;

/** Where a spec has its certificate request. */
export const CSR = 'spec.request';

/** The request of a spec, read. @throws Refusal of the reader, at the field {@link CSR} */
export async function readCsrOf(x509: Reads, request: string): ReturnType<Reads['readCsr']> {
  return x509.readCsr(request).catch((error: unknown) => {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, error.message, { field: CSR, ...(error.remedy && { remedy: error.remedy }) });
  });
}

/**
 * The spec with the names of its certificate request, when it says none itself. A common name that repeats one of the request's other names is
 * left out, because `openssl req` and older tools put the first name there.
 * @throws Refusal as {@link readCsrOf}; InputInvalid for names that no spec may have
 */
export async function withCsrNames(x509: Reads, spec: CertificateSpec): Promise<CertificateSpec> {
  if (spec.request === undefined || namesSomething(spec)) return spec;
  const { dnsNames, ipAddresses, uris, emailAddresses, ...csr } = await readCsrOf(x509, spec.request);
  const lists = { dnsNames, ipAddresses, uris, emailAddresses };
  const repeats = Object.values(lists).some((list) => list.includes(csr.commonName?.toLowerCase() ?? ''));
  const commonName = repeats ? undefined : csr.commonName;
  const findings = new Findings();
  const names = normalizeNames({ ...lists, isCA: spec.isCA, ...(commonName && { commonName }) }, CSR, findings);
  findings.throwIfAny();
  return { ...spec, ...names };
}
