import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCsr } from '../../../lib/adapters/x509/csr.ts';
import type { AcmeAccount, AcmeEndpoint } from '../../../lib/ports/acmeServer.ts';
import { idOf, newAcme, newSigner, obtain, startHttp01 } from '../../support/acmeClient.ts';
import { type Challtestsrv, startChalltestsrv } from '../../support/peers/challtestsrv.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { type Pebble, startPebble } from '../../support/peers/pebble.ts';

const agreed = { contact: ['mailto:certificates@example.test'], termsOfServiceAgreed: true };

describeWith(['pebble'], 'an account at Pebble', () => {
  const acme = newAcme();
  let dns: Challtestsrv;
  let pebble: Pebble;
  let endpoint: AcmeEndpoint;
  let web: { tokens: Map<string, string>; server: Server };

  beforeAll(async () => {
    dns = await startChalltestsrv();
    pebble = await startPebble({ dnsServer: dns.address });
    endpoint = { server: pebble.directoryUrl, caBundle: pebble.caPem };
    web = await startHttp01(pebble.httpPort);
  });
  afterAll(async () => {
    await acme.http.close();
    web?.server.close();
    await Promise.all([pebble?.stop(), dns?.stop()]);
  });

  const issue = (account: AcmeAccount, name: string, csr?: Uint8Array) => {
    const present = (_: unknown, challenge: { token?: string }, value: string) =>
      void web.tokens.set(challenge.token!, value);
    return obtain({ acme, endpoint, account, type: 'http-01', present }, [name], { profile: 'default', csr });
  };

  it.each(['P-256', 'P-384', 'RSA'] as const)('is registered with a key of type %s', async (kind) => {
    const signer = newSigner(kind);
    const { url, status } = await acme.register(endpoint, signer, agreed);
    expect([url.startsWith('https://'), status]).toEqual([true, 'valid']);
  });

  it('is found again by its key, whether or not it may be made', async () => {
    const signer = newSigner();
    const first = await acme.register(endpoint, signer, agreed);
    expect(await acme.register(endpoint, signer, agreed)).toEqual(first);
    expect(await acme.register(endpoint, signer, { ...agreed, onlyReturnExisting: true })).toEqual(first);
  });

  it('is not made when only an existing one is wanted', async () => {
    const asked = acme.register(endpoint, newSigner(), { ...agreed, onlyReturnExisting: true });
    await expect(asked).rejects.toMatchObject({
      action: 'newAccount',
      accepted: 'no',
      failure: { class: 'configuration', problem: { type: 'accountDoesNotExist' } },
    });
  });

  it('is refused without agreement and with a contact that is none', async () => {
    const register = (request: object) => acme.register(endpoint, newSigner(), { ...agreed, ...request });
    await expect(register({ termsOfServiceAgreed: false })).rejects.toMatchObject({
      name: 'AcmeError',
      accepted: 'no',
    });
    await expect(register({ contact: ['carrier-pigeon:1'] })).rejects.toMatchObject({
      failure: { class: 'configuration', problem: { type: 'unsupportedContact' } },
    });
  });

  it('that the CA does not know is named in the refusal of an order', async () => {
    const { url } = await acme.register(endpoint, newSigner(), agreed);
    const unknown = { signer: newSigner(), url: url.replace(/[^/]+$/, 'nobody') };
    const asked = acme.newOrder(endpoint, unknown, { identifiers: [{ type: 'dns', value: 'a.example.test' }] });
    await expect(asked).rejects.toMatchObject({ failure: { problem: { type: 'accountDoesNotExist' } } });
  });

  it('changes its key: the new one signs, the old one no more', async () => {
    const [before, after] = [newSigner(), newSigner('P-384')];
    const { url } = await acme.register(endpoint, before, agreed);
    await acme.changeKey(endpoint, { signer: before, url }, after);
    const found = await acme.register(endpoint, after, { ...agreed, onlyReturnExisting: true });
    expect(found.url).toBe(url);
    const order = { identifiers: [{ type: 'dns' as const, value: 'rolled.example.test' }] };
    await expect(acme.newOrder(endpoint, { signer: before, url }, order)).rejects.toMatchObject({ name: 'AcmeError' });
    expect(await acme.newOrder(endpoint, { signer: after, url }, order)).toMatchObject({ status: 'pending' });
  });

  it('does nothing more once it is deactivated', async () => {
    const signer = newSigner();
    const { url } = await acme.register(endpoint, signer, agreed);
    await acme.deactivate(endpoint, { signer, url });
    const asked = acme.newOrder(endpoint, { signer, url }, { identifiers: [{ type: 'dns', value: 'a.example.test' }] });
    await expect(asked).rejects.toMatchObject({ failure: { class: 'person', problem: { type: 'unauthorized' } } });
  });

  it('revokes what it ordered, once or twice, and reads its renewal window before', async () => {
    const signer = newSigner();
    const { url } = await acme.register(endpoint, signer, agreed);
    const { chain } = await issue({ signer, url }, 'revoked.example.test');
    const leaf = new X509Certificate(chain);
    const window = await acme.renewalInfo(endpoint, idOf(leaf));
    expect(window!.start < window!.end).toBe(true);
    expect(window!.retryAfter).toBeGreaterThan(0);
    await acme.revoke(endpoint, { signer, url }, leaf.raw, 4);
    await acme.revoke(endpoint, { signer, url }, leaf.raw, 4);
    expect(await pebble.certStatus(leaf.serialNumber)).toMatchObject({ status: 'Revoked', reason: 4 });
    await expect(acme.revoke(endpoint, { signer, url }, leaf.raw, 99)).rejects.toMatchObject({
      failure: { class: 'configuration', problem: { type: 'badRevocationReason' } },
    });
  });

  it.each(['P-256', 'P-384', 'RSA'] as const)('revokes by the own key of a certificate, of type %s', async (kind) => {
    const account = newSigner();
    const { url } = await acme.register(endpoint, account, agreed);
    const certificateKey = newSigner(kind);
    const name = `own-${kind.toLowerCase()}.example.test`;
    const names = { dnsNames: [name], ipAddresses: [], uris: [], emailAddresses: [] };
    const { chain } = await issue({ signer: account, url }, name, await createCsr(names, certificateKey));
    const leaf = new X509Certificate(chain);
    await expect(acme.revoke(endpoint, { certificateKey: newSigner(kind) }, leaf.raw, 1)).rejects.toMatchObject({
      failure: { problem: { type: 'unauthorized' } },
    });
    await acme.revoke(endpoint, { certificateKey }, leaf.raw, 1);
    await acme.revoke(endpoint, { certificateKey }, leaf.raw, 1);
    expect(await pebble.certStatus(leaf.serialNumber)).toMatchObject({ status: 'Revoked', reason: 1 });
  });
});

describeWith(['pebble'], 'a CA that wants an external account binding', () => {
  const acme = newAcme();
  let pebble: Pebble;
  let endpoint: AcmeEndpoint;
  beforeAll(async () => {
    pebble = await startPebble({ externalAccountRequired: true });
    endpoint = { server: pebble.directoryUrl, caBundle: pebble.caPem };
  });
  afterAll(async () => {
    await acme.http.close();
    await pebble?.stop();
  });
  const binding = (keyId: string, key: string) => ({
    ...agreed,
    externalAccountBinding: { keyId, key: Buffer.from(key, 'base64url') },
  });

  it('says so, registers who has it, and finds the account again', async () => {
    expect(await acme.meta(endpoint)).toMatchObject({ externalAccountRequired: true });
    const signer = newSigner();
    const first = await acme.register(endpoint, signer, binding(pebble.eab.kid, pebble.eab.hmacKey));
    expect(first.status).toBe('valid');
    expect(await acme.register(endpoint, signer, binding(pebble.eab.kid, pebble.eab.hmacKey))).toEqual(first);
  });

  it('refuses who has none, a wrong key and an unknown key id', async () => {
    await expect(acme.register(endpoint, newSigner(), agreed)).rejects.toMatchObject({
      accepted: 'no',
      failure: { class: 'configuration', problem: { type: 'externalAccountRequired' } },
    });
    for (const wrong of [
      binding(pebble.eab.kid, 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'),
      binding('x', pebble.eab.hmacKey),
    ]) {
      await expect(acme.register(endpoint, newSigner(), wrong)).rejects.toMatchObject({
        name: 'AcmeError',
        accepted: 'no',
      });
    }
  });
});
