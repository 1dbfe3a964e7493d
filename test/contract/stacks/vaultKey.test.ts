import { expect, it } from 'vitest';
import { synthesizedRoles } from '../../support/roles.ts';

const [NEW, OLD] = ['new', 'old'].map((name) => `arn:aws:kms:eu-central-1:111122223333:key/${name}`) as [
  string,
  string,
];

it('Another key of the vault seals, those before it only open, and one function alone wraps by it what another opened', () => {
  const { environments, policies } = synthesizedRoles({ vault: { key: NEW, former: [OLD] } });
  for (const environment of Object.values(environments)) {
    expect(environment).toMatchObject({ VAULT_KEY: NEW, FORMER_VAULT_KEYS: OLD });
  }
  const resourcesOf = (sid: string) =>
    Object.entries(policies).flatMap(([role, { Statement }]) =>
      Statement.filter(({ Sid }) => Sid === sid).map(({ Resource }) => [role, [Resource].flat()] as const),
    );
  expect(resourcesOf('OpenSecrets').length).toBeGreaterThan(8);
  for (const [role, keys] of resourcesOf('OpenSecrets')) expect(keys, role).toEqual([NEW, OLD]);
  expect(resourcesOf('SealSecrets').length).toBeGreaterThan(5);
  for (const [role, keys] of resourcesOf('SealSecrets')) expect(keys, role).toEqual([NEW]);
  expect(resourcesOf('RewrapSecrets')).toEqual([['rewrap', [NEW]]]);
});
