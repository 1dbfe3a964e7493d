import { afterEach, expect, it } from 'vitest';
import { adminToken } from '../../../functions/tokens/adminToken.ts';
import { authenticate } from '../../../lib/application/tokens.ts';
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
