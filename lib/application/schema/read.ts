import { z } from 'zod';
import { parseField } from '../../domain/fieldPath.ts';
import { Findings, type InputError, InputInvalid } from '../../domain/inputInvalid.ts';
import type { CertificateSpec, IssuerSpec } from '../../domain/spec.ts';
import { certificateSpec } from './certificate.ts';
import { closed } from './closed.ts';
import { issuerSpec } from './issuer.ts';
import { type CertificateContext, normalizeCertificateSpec } from './normalizeCertificate.ts';
import { type IssuerContext, normalizeIssuerSpec } from './normalizeIssuer.ts';
import { check, parse } from './parse.ts';

const withSpec = closed({ spec: z.looseObject({}) });

/** The body of PUT of a certificate, `{spec}`, to its normal spec. @throws InputInvalid */
export const readCertificateBody = (body: unknown, context: CertificateContext): CertificateSpec =>
  readCertificateSpec(parse(withSpec, body).spec, { at: 'spec', ...context });

/** The body of PUT of an issuer, `{spec}`, to its normal spec. @throws InputInvalid */
export const readIssuerBody = (body: unknown, context: IssuerContext): IssuerSpec =>
  readIssuerSpec(parse(withSpec, body).spec, { at: 'spec', ...context });

/** Foreign input to a normal issuer's spec. @throws InputInvalid with everything that is wrong */
export const readIssuerSpec = (input: unknown, context: IssuerContext): IssuerSpec =>
  normalizeIssuerSpec(parse(issuerSpec, input, context.at ?? 'spec'), context);

/**
 * Foreign input to a normal certificate's spec. Where the schema finds fault with some members, the rules still judge the others, so that
 * one answer tells everything.
 * @throws InputInvalid with everything that is wrong
 */
export function readCertificateSpec(input: unknown, context: CertificateContext): CertificateSpec {
  const { at = 'spec' } = context;
  const result = check(certificateSpec, input, at);
  if ('value' in result) return normalizeCertificateSpec(result.value, context);
  throw new InputInvalid([...result.errors, ...errorsOfTheRest(input, result.errors, context, at)]);
}

function errorsOfTheRest(
  input: unknown,
  errors: readonly InputError[],
  context: CertificateContext,
  at: string,
): readonly InputError[] {
  const depth = parseField(at).length;
  const memberOf = (error: InputError) => String(parseField(error.field ?? '')[depth] ?? '');
  const bad = new Set(errors.map(memberOf));
  if (bad.has('') || typeof input !== 'object' || input === null) return [];
  const rest = Object.fromEntries(Object.entries(input).filter(([member]) => !bad.has(member)));
  // The rules need a reference; whether it is there was said above.
  const { value } = { value: undefined, ...check(certificateSpec, { issuerRef: { name: 'any' }, ...rest }, at) };
  if (!value) return [];
  const findings = new Findings();
  findings.attempt(() => normalizeCertificateSpec(value, context));
  // A misspelt list of names leaves none: that is said already.
  return findings.errors.filter((error) => !bad.has(memberOf(error)) && error.code !== 'NoNames');
}
