import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { redeliver } from '../../lib/application/redeliver.ts';
import {
  type Core,
  loadCertificate,
  putIssuer,
  putTeam,
  requestCertificate,
  settled,
  specOf,
  startCore,
} from '../support/core.ts';
import { renew } from '../support/issuing.ts';
import { tempDir } from '../support/temp.ts';

const TEAM = 'shop';

let core: Core | undefined;
afterEach(() => core?.stop());

it('A copy of the data folder serves: what stood comes back, copies are delivered again, and renewal goes on', async () => {
  const [folder, copy, root] = [tempDir('backup'), tempDir('copy'), tempDir('root')];
  const start = (data: string) => startCore(data, { directoryRoots: [root] });
  core = await start(folder);
  await putTeam(core.services, TEAM);
  await putIssuer(core.services, TEAM, 'self', { selfSigned: {} });
  const path = join(root, 'app');
  const spec = specOf({ dnsNames: ['app.test'], issuerRef: { name: 'self', kind: 'Issuer' } });
  await requestCertificate(core.services, TEAM, 'app', { ...spec, destinations: [{ kind: 'directory', path }] });
  const { uid } = await settled(core.services, TEAM, 'app');
  const read = () => ['tls.crt', 'tls.key'].map((file) => readFileSync(join(path, file), 'utf8'));
  const stood = read();
  await core.stop();
  cpSync(folder, copy, { recursive: true });

  // What happens after the backup is lost with the machine.
  core = await start(folder);
  await renew(core.services, TEAM, 'app', 1);
  await settled(core.services, TEAM, 'app');
  await core.stop();
  rmSync(folder, { recursive: true });
  rmSync(path, { recursive: true });

  core = await start(copy);
  expect(await loadCertificate(core.services, TEAM, 'app')).toMatchObject({ uid, issued: { revision: 1 } });
  await redeliver(core.services, { team: TEAM }, { limit: 10 }, { actor: 'test' });
  await settled(core.services, TEAM, 'app');
  expect(read()).toEqual(stood);
  await renew(core.services, TEAM, 'app', 1);
  expect((await settled(core.services, TEAM, 'app')).issued?.revision).toBe(2);
  expect(read()).not.toEqual(stood);
});
