import { afterAll, beforeAll, expect, it } from 'vitest';
import { ISSUANCES } from '../../lib/application/projections.ts';
import { type Core, putIssuer, putTeam, requestCertificate, settled, specOf, startCore } from '../support/core.ts';
import { tempDir } from '../support/temp.ts';

let core: Core;
beforeAll(async () => {
  core = await startCore(tempDir('engine'));
});
afterAll(() => core?.stop());

it('shows how an issuance ended, though only the last of its quick commits is projected', async () => {
  const { services, composed } = core;
  await putTeam(services, 'web');
  await putIssuer(services, 'web', 'self', { selfSigned: {} });
  const issuerRef = { name: 'self', kind: 'Issuer' } as const;
  await requestCertificate(services, 'web', 'site', specOf({ dnsNames: ['site.internal'], issuerRef }));
  const { uid } = await settled(services, 'web', 'site');
  await composed.feed.drained();
  const row = await services.views.get(ISSUANCES, `${uid}/1`);
  const head = await services.store.head(`issuance/${uid}/1`);
  expect(row).toMatchObject({ version: head?.version, doc: { status: 'succeeded', open: false } });
});
