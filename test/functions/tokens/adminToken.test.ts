import { afterEach, expect, it } from 'vitest';
import { adminToken } from '../../../functions/tokens/adminToken.ts';
import { policyFor } from '../../../lib/application/teamPolicy.ts';
import { authenticate } from '../../../lib/application/tokens.ts';
import { SHARED } from '../../../lib/domain/issuer.ts';
import { teamStream } from '../../../lib/domain/team.ts';
import { millis } from '../../../lib/domain/time.ts';
import { type TestServices, testServices } from '../../support/services.ts';

let made: TestServices | undefined;
afterEach(() => made?.close());

it("The function makes an administrator's token that ends after a day", async () => {
  made = testServices();
  const { services } = made;
  const { token, expires } = await adminToken(services)();
  expect(await authenticate(services, token)).toMatchObject({ teams: '*', verbs: ['admin'] });
  expect(millis(expires) - millis(services.clock.now())).toBeLessThanOrEqual(86_400_000);
});

it('The function makes the shared owner once, whose issuers all teams may use', async () => {
  made = testServices();
  const { services } = made;
  for (const _ of ['first', 'second']) await adminToken(services)();
  expect(await services.store.commits(teamStream(SHARED))).toHaveLength(1);
  expect((await policyFor(services, SHARED)).policy).toMatchObject({ names: ['**'], issuers: ['*'], isCA: true });
});
