import { describe, expect, it } from 'vitest';
import { ConfigInvalid, parseConfig, readConfig } from '../../lib/stacks/config.ts';

const refusal = (input: unknown): string => {
  try {
    parseConfig(input);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigInvalid);
    return (error as Error).message;
  }
  throw new Error('the configuration was taken');
};

describe('The configuration of an installation', () => {
  it('needs nothing, and then retains what must not be lost', () => {
    expect(parseConfig({})).toMatchObject({ instance: 'chancery', removal: 'retain', alarmEmails: [] });
  });

  it.each([
    ['instance', { instance: 'Über' }],
    ['account', { account: '12' }],
    ['region', { region: 'moon' }],
    ['alarmEmails.0', { alarmEmails: ['nobody'] }],
    ['logRetentionDays', { logRetentionDays: 8 }],
    ['removal', { removal: 'maybe' }],
    ['route53.zones.0', { route53: { zones: ['example.com'] } }],
    ['secretsManager.prefix', { secretsManager: { prefix: '*' } }],
    ['secretsManager.roleArns.0', { secretsManager: { roleArns: ['*'] } }],
    ['oidc.issuer', { oidc: { issuer: 'http://issuer.example', audience: ['a'] } }],
    ['oidc.audience', { oidc: { issuer: 'https://issuer.example', audience: [] } }],
    ['allowAddresses.0', { allowAddresses: ['10.0.0.0/8,*'] }],
    ['throttle.rate', { throttle: { rate: 0 } }],
  ])('is refused by the name of the key: %s', (key, input) => {
    expect(refusal(input)).toContain(`\n  ${key}: `);
  });

  it('says what is allowed', () => {
    expect(refusal({ removal: 'maybe' })).toMatch(/retain.*destroy/);
    expect(refusal({ account: '12' })).toContain('twelve digits');
  });

  it('names a key that it does not know', () => {
    expect(refusal({ regoin: 'eu-central-1' })).toContain('regoin');
  });

  it('says which file cannot be read', () => {
    expect(() => readConfig('/nowhere/chancery.json')).toThrow(/\/nowhere\/chancery\.json cannot be read/);
  });
});
