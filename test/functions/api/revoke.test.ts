import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificateDecider } from '../../../lib/domain/certificate.decide.ts';
import { certificateStream } from '../../../lib/domain/certificate.ts';
import { type TestApi, testApi } from '../../support/api.ts';
import { plus, START } from '../../support/decider.ts';
import { specOf } from '../../support/specs.ts';

const PATH = '/v1/teams/shop/certificates/app';
const STREAM = certificateStream('shop', 'app');
const meta = { actor: 'test' };

describe('POST .../revoke', () => {
  let api: TestApi;
  let now = START;
  beforeEach(async () => {
    now = START;
    api = await testApi({ clock: { now: () => now } });
    await api.putTeam('shop');
    const spec = specOf({ dnsNames: ['app.example.test'] });
    const request = { type: 'Request', uid: 'u1', spec, policyVersion: 1 } as const;
    await api.services.ledger.handle(certificateDecider, STREAM, request, meta);
  });
  afterEach(() => api.close());

  async function issue(revision: number): Promise<void> {
    const facts = { generation: 1, serial: '0a', fingerprint: 'f', notBefore: START, notAfter: plus(1800) };
    const issued = { revision, ...facts, keyRef: `key/u1/${revision}`, chainRef: `chain/u1/${revision}` };
    await api.services.ledger.handle(certificateDecider, STREAM, { type: 'RecordIssued', uid: 'u1', issued }, meta);
  }
  const revoke = (json?: unknown, path = PATH) =>
    api.send('POST', `${path}/revoke`, { ...(json !== undefined && { json }) });

  it('is wanted, and shown with a warning where no CA tells anybody', async () => {
    await issue(1);
    const { status, json } = await revoke();
    expect(status).toBe(202);
    expect(json.status.revocations).toEqual([
      { revision: 1, reason: 'unspecified', status: 'requested', since: START },
    ]);
    expect(json.warnings.map(({ code }: { code: string }) => code)).toEqual(['RevocationNotPublished']);
  });

  it('answers the same for what is revoked already, whatever other reason is given', async () => {
    await issue(1);
    await revoke({ reason: 'superseded', replace: false });
    await api.services.ledger.handle(certificateDecider, STREAM, { type: 'RecordRevoked', revision: 1 }, meta);
    const before = await api.services.store.commits(STREAM);
    const again = await revoke({ reason: 'cessationOfOperation' });
    expect(again.status).toBe(202);
    expect(again.json.status.revocations).toMatchObject([{ reason: 'superseded', status: 'revoked' }]);
    expect(await api.services.store.commits(STREAM)).toHaveLength(before.length);
  });

  it('has a key replaced that turns out to be known after the revocation, once', async () => {
    await issue(1);
    await revoke({ reason: 'superseded', replace: false });
    await api.services.ledger.handle(certificateDecider, STREAM, { type: 'RecordRevoked', revision: 1 }, meta);
    const before = await api.services.store.commits(STREAM);
    for (const _ of ['first', 'again']) {
      const { status, json } = await revoke({ reason: 'keyCompromise' });
      expect(status).toBe(202);
      expect(json.status.revocations).toMatchObject([{ reason: 'superseded', status: 'revoked' }]);
    }
    const [added, ...more] = (await api.services.store.commits(STREAM)).slice(before.length);
    expect(added!.events).toMatchObject([{ type: 'ReplacementScheduled', reason: 'KeyCompromised' }]);
    expect(more).toEqual([]);
  });

  it('sent again it does not revoke what has taken the place meanwhile, unless that is named', async () => {
    await issue(1);
    await revoke({ reason: 'keyCompromise' });
    now = plus(2);
    await api.services.ledger.handle(
      certificateDecider,
      STREAM,
      { type: 'Renew', afterRevision: 1, reason: 'KeyCompromised' },
      meta,
    );
    await issue(2);
    const again = await revoke({ reason: 'keyCompromise' });
    expect(again).toMatchObject({ status: 409, json: { code: 'JustReplaced', field: 'revision' } });
    expect(again.json.detail).toContain('revision 2 has taken its place');
    expect((await revoke({ revision: 2, reason: 'keyCompromise' })).status).toBe(202);
    expect((await revoke({ reason: 'keyCompromise' })).json.status.revocations).toHaveLength(2);
  });

  it('some minutes later it means the issued one', async () => {
    await issue(1);
    await revoke();
    await api.services.ledger.handle(
      certificateDecider,
      STREAM,
      { type: 'Renew', afterRevision: 1, reason: 'Revoked' },
      meta,
    );
    await issue(2);
    now = plus(301);
    expect((await revoke()).json.status.revocations).toMatchObject([{ revision: 1 }, { revision: 2 }]);
  });

  it('is refused in words for what is not there, not issued, never issued, or over', async () => {
    expect(await revoke()).toMatchObject({ status: 409, json: { code: 'NotIssued' } });
    await issue(1);
    expect(await revoke({ revision: 9 })).toMatchObject({ status: 422, json: { code: 'RevisionNotFound' } });
    expect((await revoke({}, '/v1/teams/shop/certificates/none')).json.code).toBe('CertificateNotFound');
    now = plus(1900);
    expect(await revoke()).toMatchObject({ status: 409, json: { code: 'CertificateExpired' } });
  });

  it('takes the reasons of RFC 5280 alone', async () => {
    await issue(1);
    for (const body of [{ reason: 'certificateHold' }, { reason: 1 }, { revision: 0 }, { force: true }])
      expect((await revoke(body)).status).toBe(422);
  });
});
