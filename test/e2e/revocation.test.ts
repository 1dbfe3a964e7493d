import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCsr } from '../../lib/adapters/x509/csr.ts';
import { toPem } from '../../lib/adapters/x509/pem.ts';
import { deleteCertificate } from '../../lib/application/certificates.ts';
import { describeCertificate } from '../../lib/application/certificateView.ts';
import { type RevocationRequest, revokeCertificate } from '../../lib/application/revocations.ts';
import { scan } from '../../lib/application/scan.ts';
import type { Services } from '../../lib/application/services.ts';
import { accountDecider, accountStream } from '../../lib/domain/account.ts';
import { certificateStream } from '../../lib/domain/certificate.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import { newSigner } from '../support/acmeClient.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { type Core, eventually, loadCertificate, putIssuer, settled } from '../support/core.ts';
import { acmeIssuer, certificatesOf, eventsOf, issuedChain, keyHash, movableClock, renew } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { Pebble } from '../support/peers/pebble.ts';

describeWith(['pebble', 'bind'], 'revocation', () => {
  let setup: AcmeSetup;
  let pebble: Pebble;
  let core: Core;
  const clock = movableClock();
  /** Whether the process dies right after the CA agreed: it writes nothing any more. */
  let dies = false;
  let dead = false;
  let asked = 0;

  const decorate = (plain: Services): Services => {
    const store = Object.create(plain.store) as Services['store'];
    store.append = async (...args) => {
      if (dead) throw new Error('the process is dead');
      return plain.store.append(...args);
    };
    const services = clock.decorate({ ...plain, store });
    const acme = Object.create(plain.acme) as Services['acme'];
    acme.revoke = async (...args) => {
      await plain.acme.revoke(...args);
      asked++;
      dead = dies;
    };
    return { ...services, acme };
  };

  beforeAll(async () => {
    setup = await startAcmeSetup('revocation', { core: { decorate } });
    ({ pebble, core } = setup);
    await putIssuer(core.services, TEAM, 'pebble', acmeIssuer(pebble));
    await putIssuer(core.services, TEAM, 'self', { selfSigned: {} });
  });
  afterAll(() => setup?.stop());

  async function issued(name: string, more: Partial<CertificateSpec> = {}) {
    await setup.request(name, 'pebble', more);
    return (await settled(core.services, TEAM, name)).issued!;
  }

  const revoke = (name: string, more: Partial<RevocationRequest> = {}) =>
    revokeCertificate(
      core.services,
      { team: TEAM, name, reason: 'superseded', replace: true, ...more },
      { actor: 'test' },
    );

  const replaced = (name: string, revision: number) =>
    eventually(`${name} is replaced`, async () => {
      const state = await loadCertificate(core.services, TEAM, name);
      return !state.issuing && state.issued!.revision > revision && state;
    });

  const revocationOf = async (name: string) =>
    (await describeCertificate(core.services, TEAM, name)).view.status.revocations?.[0];

  const typesOf = async (name: string) =>
    (await eventsOf(core.services, `certificate/${TEAM}/${name}`)).map(({ type }) => type);

  it('the CA knows of it with its reason, and another revision takes the place', async () => {
    const first = await issued('web');
    expect((await pebble.certStatus(first.serial))?.status).toBe('Valid');
    await revoke('web');
    const state = await replaced('web', first.revision);
    expect(await pebble.certStatus(first.serial)).toMatchObject({ status: 'Revoked', reason: 4 });
    expect((await pebble.certStatus(state.issued!.serial))?.status).toBe('Valid');
    expect(await typesOf('web')).toEqual(expect.arrayContaining(['RevocationRequested', 'CertificateRevoked']));
    expect(await revocationOf('web')).toMatchObject({
      revision: first.revision,
      status: 'revoked',
      reason: 'superseded',
    });
    const before = (await typesOf('web')).length;
    const again = await revoke('web', { revision: first.revision, reason: 'unspecified' });
    expect(again.view.status.revocations?.[0]).toMatchObject({ status: 'revoked', reason: 'superseded' });
    expect((await typesOf('web')).length).toBe(before);
  });

  it('a key that others know is never used again, whatever rotationPolicy says', async () => {
    const privateKey = { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Never' } as const;
    const first = await issued('leaked', { privateKey });
    const hashOf = async () => keyHash(certificatesOf(await issuedChain(core.services, TEAM, 'leaked'))[0]!);
    const key = await hashOf();
    await renew(core.services, TEAM, 'leaked', first.revision);
    const second = (await replaced('leaked', first.revision)).issued!;
    expect(await hashOf()).toBe(key);
    // Of an earlier revision it is the same key.
    await revoke('leaked', { revision: first.revision, reason: 'keyCompromise' });
    await replaced('leaked', second.revision);
    expect(await hashOf()).not.toBe(key);
    await eventually('it is revoked', async () => (await revocationOf('leaked'))?.status === 'revoked');
    expect(await pebble.certStatus(first.serial)).toMatchObject({ status: 'Revoked', reason: 1 });
  });

  it('without a replacement it is shown as revoked, and stays', async () => {
    const first = await issued('gone');
    await revoke('gone', { replace: false, reason: 'cessationOfOperation' });
    await eventually('it is revoked', async () => (await revocationOf('gone'))?.status === 'revoked');
    const { view } = await describeCertificate(core.services, TEAM, 'gone');
    expect(view.status.conditions[0]).toMatchObject({ type: 'Ready', status: 'False', reason: 'Revoked' });
    expect(view.status.revision).toBe(first.revision);
    expect(await typesOf('gone')).not.toContain('ReplacementScheduled');
  });

  it('a refusal of the CA is recorded with its cause, and shown; another reason is another try', async () => {
    const first = await issued('refused', { isCA: false });
    await putIssuer(core.services, TEAM, 'pebble', { selfSigned: {} });
    await revoke('refused');
    const failed = await eventually('the refusal is recorded', async () => {
      const found = await revocationOf('refused');
      return found?.status === 'failed' && found;
    });
    expect(failed.cause).toMatchObject({ code: 'IssuerNotFound' });
    expect(failed.retryAt).toBeDefined();
    await putIssuer(core.services, TEAM, 'pebble', acmeIssuer(pebble));
    await revoke('refused', { reason: 'unspecified' });
    await replaced('refused', first.revision);
    expect((await pebble.certStatus(first.serial))?.status).toBe('Revoked');
  });

  /** While `work` goes on, the issuer has another account at its CA than the one that ordered. */
  async function withAnotherAccount(work: () => Promise<void>): Promise<void> {
    const { ledger } = core.services;
    const stream = accountStream(`${TEAM}/pebble`);
    const record = (accountUrl: string) => {
      const command = { type: 'RecordRegistered', server: pebble.directoryUrl, accountUrl, contact: [] } as const;
      return ledger.handle(accountDecider, stream, command, { actor: 'test' });
    };
    const { url } = (await ledger.load(accountDecider, stream)).state.registered!;
    await record(new URL('/my-account/other', url).href);
    await work().finally(() => record(url));
  }

  const refused = (name: string) =>
    eventually('the refusal is recorded', async () => {
      const found = await revocationOf(name);
      return found?.status === 'failed' && found;
    });

  it('whose issuer has another account at the CA since is revoked by its own key', async () => {
    const { serial } = await issued('moved');
    await withAnotherAccount(async () => {
      await revoke('moved', { replace: false, reason: 'cessationOfOperation' });
      await eventually('it is revoked', async () => (await revocationOf('moved'))?.status === 'revoked');
    });
    expect(await pebble.certStatus(serial)).toMatchObject({ status: 'Revoked', reason: 5 });
  });

  it('whose key was never here is refused with what to do, when its issuer has another account since', async () => {
    const names = { dnsNames: ['brought.example.test'], ipAddresses: [], uris: [], emailAddresses: [] };
    const request = toPem('CERTIFICATE REQUEST', await createCsr(names, newSigner()));
    const { serial } = await issued('brought', { request });
    await withAnotherAccount(async () => {
      await revoke('brought', { replace: false });
      const { cause, retryAt } = await refused('brought');
      expect(cause).toMatchObject({ code: 'AccountChanged', remedy: expect.stringContaining('private key') });
      expect(retryAt).toBeUndefined();
    });
    expect((await pebble.certStatus(serial))?.status).toBe('Valid');
  });

  it('where no CA publishes revocations it is replaced, with a warning that nobody is told', async () => {
    const first = await issued('inner', { issuerRef: { name: 'self', kind: 'Issuer' } });
    const { view } = await revoke('inner');
    expect(view.warnings?.map(({ code }) => code)).toContain('RevocationNotPublished');
    await replaced('inner', first.revision);
    expect((await revocationOf('inner'))?.status).toBe('revoked');
  });

  it('who dies after the CA agreed finds it done, and replaces it once', async () => {
    const first = await issued('crash');
    const before = asked;
    dies = true;
    await revoke('crash');
    await eventually('the process is dead', async () => dead);
    expect((await pebble.certStatus(first.serial))?.status).toBe('Revoked');
    core = await setup.restart(() => {
      dies = false;
      dead = false;
      clock.ahead(120);
    });
    await replaced('crash', first.revision);
    expect(asked - before).toBe(2);
    const types = await typesOf('crash');
    expect(types.filter((type) => type === 'CertificateRevoked')).toHaveLength(1);
    expect(types.filter((type) => type === 'CertificateIssued')).toHaveLength(2);
  });

  it('a deletion may revoke, when its grace is over, and purges the certificate after that', async () => {
    const { serial, chainRef } = await issued('ended');
    const stream = certificateStream(TEAM, 'ended');
    const ask = { team: TEAM, name: 'ended', withdraw: false, revoke: true, grace: 3600 };
    await deleteCertificate(core.services, ask, { actor: 'test' });
    await scan(core.composed.services);
    expect((await pebble.certStatus(serial))?.status).toBe('Valid');
    clock.ahead(3700);
    await eventually('it is purged', async () => {
      await scan(core.composed.services);
      return (await eventsOf(core.services, stream)).some(({ type }) => type === 'CertificatePurged');
    });
    expect(await pebble.certStatus(serial)).toMatchObject({ status: 'Revoked', reason: 5 });
    expect(await core.services.vault.open(chainRef, TEAM)).toBeUndefined();
  });

  it('what is unknown, not issued or of another life is refused in words', async () => {
    await issued('known');
    await expect(revoke('unknown')).rejects.toMatchObject({ code: 'CertificateNotFound' });
    await expect(revoke('known', { revision: 7 })).rejects.toMatchObject({ code: 'RevisionNotFound' });
  });
});
