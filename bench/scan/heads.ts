import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { type CertificateEvent, certificateStream } from '../../lib/domain/certificate.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import { type Instant, plusSeconds } from '../../lib/domain/time.ts';

/** Certificates that are due in each round. */
export const DUE = 200;

/** When the first round is, and seconds between rounds: what one began is not due again before the last is over. */
export const START: Instant = '2026-06-01T00:00:00.000Z';
export const APART = 5;

const DAY = 86_400;
const PER_TEAM = 1000;

const spec: CertificateSpec = {
  dnsNames: ['web.payments.example.test'],
  ipAddresses: [],
  uris: [],
  emailAddresses: [],
  issuerRef: { name: 'internal', kind: 'ClusterIssuer' },
  secretName: 'web-tls',
  duration: '2160h',
  privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
  usages: ['digital signature', 'key encipherment', 'server auth'],
  isCA: false,
  destinations: [],
};

/** The stream of certificate number `index`; their order is that of their names, as a bulk insert likes it. */
export const streamOf = (index: number): string =>
  certificateStream(`team-${padded(Math.floor(index / PER_TEAM))}`, `web-${padded(index)}`);

const padded = (number: number): string => String(number).padStart(7, '0');

/** When certificate number `index` is due: as many as are wanted in each round, spread among the others, which have their time later. */
export function dueOf(index: number, certificates: number, rounds: number): Instant {
  const place = (at: number): number => Math.floor((at * rounds * DUE) / certificates);
  const isDue = index === 0 || place(index) !== place(index - 1);
  return plusSeconds(START, isDue ? (place(index) % rounds) * APART : DAY + index);
}

/** The state, as JSON, of a certificate whose time to be renewed was a while before `dueAt`: the decider's own. */
export function stateOf(uid: string, dueAt: Instant): string {
  const at = plusSeconds(dueAt, -61 * DAY);
  const events: CertificateEvent[] = [
    { type: 'CertificateRequested', uid, generation: 1, revision: 1, reason: 'NeverIssued', spec, policyVersion: 1 },
    {
      type: 'CertificateIssued',
      revision: 1,
      generation: 1,
      serial: uid,
      fingerprint: uid.repeat(2),
      notBefore: at,
      notAfter: plusSeconds(at, 90 * DAY),
      keyRef: `key/${uid}/1`,
      chainRef: `chain/${uid}/1`,
      renewAt: dueAt,
    },
  ];
  const { evolve, initialState } = certificateDecider;
  return JSON.stringify(events.reduce((state, event) => evolve(state, event, at), initialState));
}

export const uidOf = (index: number): string => index.toString(16).padStart(32, '0');
