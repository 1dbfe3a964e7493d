/**
 * Records test/fixtures/acme/*.json from a real Pebble: `node test/support/recordAcme.ts`. The replaying tests are in
 * test/adapters/acme/replay.test.ts; what they do must be what is done here.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpClient } from '../../lib/adapters/net/client.ts';
import { newAcme, newSigner, startHttp01 } from './acmeClient.ts';
import { type Exchange, recorder } from './acmeRecording.ts';
import { scenarios } from './acmeScenarios.ts';
import { startChalltestsrv } from './peers/challtestsrv.ts';
import { startPebble } from './peers/pebble.ts';

const folder = join(import.meta.dirname, '../fixtures/acme');
const dns = await startChalltestsrv();
for (const [name, { pebble: options, run }] of Object.entries(scenarios)) {
  const pebble = await startPebble({ dnsServer: dns.address, ...options });
  const web = await startHttp01(pebble.httpPort);
  const tape: Exchange[] = [];
  const http = recorder(httpClient({ allow: ['*'] }), new URL(pebble.directoryUrl).origin, tape);
  const acme = newAcme({ http });
  const endpoint = { server: pebble.directoryUrl, caBundle: pebble.caPem };
  await run({
    acme,
    endpoint,
    signer: newSigner(),
    show: (token, value) => void web.tokens.set(token, value),
    pause: 300,
  });
  await http.close();
  web.server.close();
  await pebble.stop();
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(tape, null, 2)}\n`);
  console.log(`${name}: ${tape.length} exchanges`);
}
await dns.stop();
