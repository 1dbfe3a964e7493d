import { expect, test } from 'vitest';
import { type Destination, destinationKey, destinationName } from '../../lib/domain/destination.ts';

const roleArn = 'arn:aws:iam::111122223333:role/chancery';

test.each<[Destination, string, string]>([
  [
    { kind: 'kubernetes', cluster: 'prod', namespace: 'web', secretName: 'tls' },
    'kubernetes/prod/web/tls',
    'kubernetes/prod/web/tls',
  ],
  [{ kind: 'directory', path: '/etc/tls' }, 'directory/%2Fetc%2Ftls', 'directory:/etc/tls'],
  [{ kind: 'secretsManager', name: 'prod/app' }, 'secretsManager/prod%2Fapp', 'secretsManager:prod/app'],
  [
    { kind: 'secretsManager', name: 'prod/app', region: 'eu-west-1', roleArn },
    `secretsManager/${encodeURIComponent(`prod/app?region=eu-west-1&roleArn=${roleArn}`)}`,
    `secretsManager:prod/app?region=eu-west-1&roleArn=${roleArn}`,
  ],
])('%j has one key and one name', (destination, key, name) => {
  expect(destinationKey(destination)).toBe(key);
  expect(destinationName(destination)).toBe(name);
});

test('adopting makes no other place', () => {
  const place = { kind: 'kubernetes', cluster: 'prod', namespace: 'web', secretName: 'tls' } as const;
  expect(destinationKey({ ...place, adopt: true })).toBe(destinationKey(place));
});
