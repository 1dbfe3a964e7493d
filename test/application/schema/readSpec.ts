import { readCertificateSpec } from '../../../lib/application/schema/read.ts';
import { codesOf } from './errorsOf.ts';

/** Whose certificate it is, as the API has it, and as a manifest of cert-manager. */
export const ours = { team: 'payments', name: 'app', defaults: 'chancery' } as const;
export const theirs = { ...ours, defaults: 'cert-manager' } as const;
/** What a certificate asks for at least. */
export const least = { dnsNames: ['app.example.com'], issuerRef: { name: 'ca' } };

export const read = (change: object, context: typeof ours | typeof theirs = ours) =>
  readCertificateSpec({ ...least, ...change }, context);
/** Where and how a change of that is refused. */
export const codes = (change: object) => codesOf(() => read(change));
