import { onTestFinished } from 'vitest';
import { changeBuckets, place, readBuckets } from '../../lib/application/limits/buckets.ts';
import { limitKey } from '../../lib/domain/caLimits.ts';
import type { Want } from '../../lib/domain/limits.decide.ts';
import { instant } from '../../lib/domain/time.ts';
import { testServices } from './services.ts';

/** A CA whose limits are tried: its host, a limit, and the bucket of a domain that has it. */
export const HOST = 'ca.example.test';
export const limit = { count: 5, period: 3600 };
export const want = (key: string): Want => ({ key, limit, take: true });
export const key = limitKey.certificatesPerDomain(HOST, 'example.test');

/** Services whose clock the test moves; they end with it. */
export function limitServices() {
  let now = Date.parse('2026-06-01T00:00:00.000Z');
  const test = testServices({ clock: { now: () => instant(now) } });
  onTestFinished(() => test.close());
  const { services } = test;
  return {
    services,
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    reserve: (id: string, wants: readonly Want[] = [want(key)]) =>
      changeBuckets(
        services,
        HOST,
        wants.map((one) => one.key),
        (buckets, at) => place(wants, buckets, id, at),
      ),
    async bucket(name: string) {
      return (await readBuckets(services, [name])).get(name);
    },
  };
}
