import { describe, it } from 'vitest';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { plus, rulesOf, START } from '../support/decider.ts';
import { specOf } from '../support/specs.ts';

const { given } = rulesOf(certificateDecider);

const notAfter = plus(90 * 86_400);
const certificate = { revision: 1, serial: '01', notAfter, chainRef: 'chain/u1/1' };
const requested = {
  type: 'CertificateRequested',
  uid: 'u1',
  generation: 1,
  revision: 1,
  reason: 'NeverIssued',
  spec: specOf({ dnsNames: ['app.example.test'] }),
  policyVersion: 1,
} as const;
const issued = {
  type: 'CertificateIssued',
  ...certificate,
  generation: 1,
  fingerprint: 'f1',
  notBefore: START,
  keyRef: 'key/u1/1',
  renewAt: plus(60 * 86_400),
} as const;
const ask = { type: 'RequestRevocation', ...certificate, reason: 'superseded', replace: true } as const;
const wanted = { ...ask, type: 'RevocationRequested' } as const;
const revoked = { type: 'CertificateRevoked', revision: 1, reason: 'superseded' } as const;
const refused = { class: 'backoff', problem: { type: 'serverInternal', detail: 'wait' } } as const;
const failed = { type: 'RevocationFailed', revision: 1, ...refused } as const;

describe('revoking', () => {
  it('is wanted before its CA is asked, and due', () => {
    given(requested, issued).when(ask).then(wanted);
    given(requested, issued, wanted).when(ask).then();
  });

  it('is followed by a replacement, unless nobody wants one', () => {
    const replacement = { type: 'ReplacementScheduled', revision: 1, reason: 'Revoked', at: START } as const;
    const record = { type: 'RecordRevoked', revision: 1 } as const;
    given(requested, issued, wanted).when(record).then(revoked, replacement);
    given(requested, issued, { ...wanted, replace: false })
      .when(record)
      .then(revoked);
    given(requested, issued, wanted, revoked).when(record).then();
  });

  it('of a key that others know does not wait for the CA, and gives up a revision that may have the key', () => {
    const leaked = { ...ask, reason: 'keyCompromise', compromised: true } as const;
    const known = { ...leaked, type: 'RevocationRequested' } as const;
    const replacement = { type: 'ReplacementScheduled', revision: 1, reason: 'KeyCompromised', at: START } as const;
    given(requested, issued).when(leaked).then(known, replacement);
    given(requested, issued, { type: 'RenewalRequested', revision: 2, reason: 'Expiring' })
      .when(leaked)
      .then(known, replacement, { type: 'RenewalRequested', revision: 3, reason: 'KeyCompromised' });
    // What was revoked before, for another reason, is not revoked again; the key is replaced, once.
    given(requested, issued, wanted, revoked).when(leaked).then(replacement);
    given(requested, issued, wanted, revoked, replacement).when(leaked).then();
  });

  it('is tried again after a failure until the certificate ends, and not after a refusal that is final', () => {
    const fail = { type: 'RecordRevocationFailure', revision: 1, after: 0, random: 0.5 } as const;
    const held = given(requested, issued, wanted);
    held.when({ ...fail, failure: refused }).then({ ...failed, retryAt: plus(60) });
    held.when({ ...fail, failure: { ...refused, retryAt: plus(900) } }).then({ ...failed, retryAt: plus(900) });
    const final = { class: 'configuration', problem: { type: 'badRevocationReason', detail: 'no' } } as const;
    held.when({ ...fail, failure: final }).then({ type: 'RevocationFailed', revision: 1, ...final });
    held.when({ ...fail, failure: refused }, notAfter).then(failed);
    held.when({ ...fail, after: 1, failure: refused }).then();
  });

  it('changes nothing once it is done; is tried again after a refusal; and is refused for what ended', () => {
    given(requested, issued, wanted, revoked)
      .when({ ...ask, reason: 'keyCompromise' })
      .then();
    given(requested, issued, wanted, failed).when(ask).then(wanted);
    given(requested, issued).when(ask, notAfter).refused('CertificateExpired');
    given().when(ask).refused('CertificateNotFound');
  });
});
