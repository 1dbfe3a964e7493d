import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import type { CertificateEvent, Issued } from '../../lib/domain/certificate.ts';
import type { Destination } from '../../lib/domain/destination.ts';
import { ownTime } from '../../lib/domain/renewal.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import { plus, rulesOf, START } from './decider.ts';
import { specOf } from './specs.ts';

/** A certificate by its events, as the tests of its rules write them. */
export const { given } = rulesOf(certificateDecider);

export const prod: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
export const disk: Destination = { kind: 'directory', path: '/srv/tls' };
export const PROD = 'kubernetes/prod/shop/tls';
export const DISK = 'directory/%2Fsrv%2Ftls';
export const spec = specOf({ dnsNames: ['app.example.test'] });

export const requested = (more: Partial<Extract<CertificateEvent, { type: 'CertificateRequested' }>> = {}) =>
  ({
    type: 'CertificateRequested',
    uid: 'u1',
    generation: 1,
    revision: 1,
    reason: 'NeverIssued',
    spec,
    policyVersion: 1,
    ...more,
  }) as const;

export const facts = (revision: number, more: Partial<Issued> = {}): Issued => ({
  revision,
  generation: 1,
  serial: `0${revision}`,
  fingerprint: `f${revision}`,
  notBefore: START,
  notAfter: plus(90 * 86_400),
  keyRef: `key/u1/${revision}`,
  chainRef: `chain/u1/${revision}`,
  ...more,
});
export const renewal = ownTime('u1', spec, facts(1));
export const issued = (revision: number, more: Partial<Issued> = {}) =>
  ({ type: 'CertificateIssued', ...facts(revision, more), renewAt: renewal }) as const;
export const request = (wanted: CertificateSpec, uid = 'u2') =>
  ({ type: 'Request', uid, spec: wanted, policyVersion: 1 }) as const;
export const dispatched = (generation: number, destinations: string[], revision = 1) =>
  ({ type: 'DeliveriesRequested', revision, generation, destinations, taken: [] }) as const;
