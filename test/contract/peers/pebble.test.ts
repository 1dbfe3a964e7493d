import { writeFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import * as acme from 'acme-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openssl } from '../../support/commands.ts';
import { startBind } from '../../support/peers/bind.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import type { NameServer } from '../../support/peers/dns.ts';
import { type Pebble, startPebble } from '../../support/peers/pebble.ts';
import { tempDir } from '../../support/temp.ts';

describeWith(['pebble', 'bind', 'openssl'], 'Pebble as a test peer', () => {
  let dns: NameServer;
  let pebble: Pebble;
  beforeAll(async () => {
    dns = await startBind();
    pebble = await startPebble({ dnsServer: dns.address, externalAccountRequired: true });
  });
  afterAll(() => Promise.all([pebble?.stop(), dns?.stop()]));

  it('issues to an independent client by DNS-01 through BIND, and tells what became of the certificate', async () => {
    const chain = await issue(pebble, dns, 'app.example.test');
    const folder = tempDir('pebble-test');
    writeFileSync(join(folder, 'roots.pem'), await pebble.roots());
    writeFileSync(join(folder, 'chain.pem'), chain);
    const verify = ['verify', '-CAfile', join(folder, 'roots.pem'), '-untrusted', join(folder, 'chain.pem')];
    expect(await openssl([...verify, join(folder, 'chain.pem')])).toContain('OK');
    const serial = (await openssl(['x509', '-noout', '-serial'], chain)).trim().replace('serial=', '');
    expect(await pebble.certStatus(serial)).toMatchObject({ status: 'Valid' });
    expect(await pebble.certStatus('ff')).toBeUndefined();
  });
});

async function issue(pebble: Pebble, dns: NameServer, name: string): Promise<string> {
  acme.axios.defaults.httpsAgent = new Agent({ ca: pebble.caPem });
  const client = new acme.Client({
    directoryUrl: pebble.directoryUrl,
    accountKey: await acme.crypto.createPrivateEcdsaKey(),
    externalAccountBinding: pebble.eab,
    backoffMin: 100,
  });
  const [, csr] = await acme.crypto.createCsr({ altNames: [name] }, await acme.crypto.createPrivateEcdsaKey());
  return client.auto({
    csr,
    termsOfServiceAgreed: true,
    challengePriority: ['dns-01'],
    // Its own check asks public resolvers, which know nothing of a test zone.
    skipChallengeVerification: true,
    challengeCreateFn: (_authorization, _challenge, value) =>
      dns.update([`add _acme-challenge.${name} 1 TXT "${value}"`]),
    challengeRemoveFn: () => dns.update([`delete _acme-challenge.${name} TXT`]),
  });
}
