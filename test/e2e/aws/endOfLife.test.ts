import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { dynamodbClient } from '../../../lib/adapters/dynamodb/client.ts';
import { dynamodbSealedRows } from '../../../lib/adapters/dynamodb/sealedRows.ts';
import type { SealedRows } from '../../../lib/ports/secretVault.ts';
import { DEPLOYING, type Deployed, deployed } from '../../support/deployed.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { soon, startTenant, type Tenant } from '../../support/tenant.ts';

const TEAM = 'ends';
/** Seconds after which the CA wants to be asked again when to renew, and some more. Pebble says six hours. */
const ASK_AGAIN = 6 * 3600 + 60;

describeWith(['ministack', 'pebble', 'kubernetes'], 'On the deployed app, a certificate whose time has come', () => {
  let app: Deployed;
  let ends: Tenant;
  let rows: SealedRows;
  beforeAll(async () => {
    app = await deployed();
    ends = await startTenant(app, TEAM);
    const tableNames = { sealed: app.table('sealed') } as never;
    rows = dynamodbSealedRows({ client: dynamodbClient(app.client), tableNames });
  }, DEPLOYING);
  afterEach(() => app.setAhead(0));
  afterAll(() => ends?.stop());

  const at = (name: string) => `/v1/teams/${TEAM}/certificates/${name}`;
  const issued = async (name: string) => {
    await ends.request(name);
    await ends.settled(name);
    return ends.delivered(name);
  };
  const revoked = (serial: string, reason: number) =>
    soon('the CA has it as revoked', async () => {
      const status = await ends.pebble.certStatus(serial);
      if (status?.status !== 'Revoked') throw new Error(JSON.stringify(status));
      expect(status.reason).toBe(reason);
    });
  /** References of what the vault keeps of a certificate's life. */
  const kept = async (uid: string) =>
    (await rows.list(10_000)).map(({ ref }) => ref).filter((ref) => ref.includes(uid));

  it('because it is revoked is revoked at the CA, and its successor is delivered', async () => {
    const { leaf } = await issued('leaked');
    const body = { reason: 'keyCompromise' };
    expect((await app.request('POST', `${at('leaked')}/revoke`, { body })).status).toBe(202);
    await revoked(leaf.serialNumber, 1);
    await ends.settled('leaked', 2);
    const after = (await ends.delivered('leaked')).leaf;
    expect(after.publicKey.equals(leaf.publicKey)).toBe(false);
    expect(await ends.pebble.certStatus(after.serialNumber)).toMatchObject({ status: 'Valid' });
  });

  it('because the CA says so is renewed by the scan, and the CA is told what is replaced', async () => {
    const { leaf, chain } = await issued('early');
    await soon('the CA is asked when', async () => {
      const { renewal } = (await ends.describe('early')).status;
      if (!renewal.suggestedWindow) throw new Error(JSON.stringify(renewal));
    });
    const window = { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' };
    await ends.pebble.setRenewalInfo(chain, { suggestedWindow: window });
    app.setAhead(ASK_AGAIN);
    await app.invoke('scan');
    await ends.settled('early', 2);
    expect((await ends.delivered('early')).leaf.serialNumber).not.toBe(leaf.serialNumber);
    expect((await app.request('GET', `${at('early')}/events`)).text).toContain(
      'Renewal requested: the CA suggests this time',
    );
    expect(ends.pebble.log()).toContain('is a replacement of');
  });

  it('because it is deleted is withdrawn and revoked, and nothing of it stays in the vault', async () => {
    const { leaf } = await issued('gone');
    const { uid } = await ends.describe('gone');
    expect((await kept(uid)).length).toBeGreaterThan(1);
    const answer = await app.request('DELETE', `${at('gone')}?withdraw=true&revoke=true&grace=0s`);
    expect(answer.status).toBe(204);
    await revoked(leaf.serialNumber, 5);
    await soon('nothing is left', async () => {
      const left = [...((await ends.secret('gone')) ? ['the Secret'] : []), ...(await kept(uid))];
      if (left.length > 0) throw new Error(left.join(', '));
    });
    expect((await app.request('GET', at('gone'))).status).toBe(404);
  });
});
