import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigInvalid, configOf, parseConfig, readConfig } from '../../lib/stacks/config.ts';
import { tempDir } from '../support/temp.ts';

const refusal = (input: unknown): string => {
  try {
    parseConfig(input);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigInvalid);
    return (error as Error).message;
  }
  throw new Error('the configuration was taken');
};

const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/6fa2d0a4-0000';
const TABLES = 'arn:aws:dynamodb:eu-central-1:123456789012:table';

describe('The configuration of an installation', () => {
  it('needs nothing, and then retains what must not be lost', () => {
    expect(parseConfig({})).toMatchObject({ instance: 'chancery', removal: 'retain', alarmEmails: [] });
  });

  it.each([
    ['instance', { instance: 'Über' }],
    ['account', { account: '12' }],
    ['region', { region: 'moon' }],
    ['alarmEmails[0]', { alarmEmails: ['nobody'] }],
    ['notificationEmails[0]', { notificationEmails: ['nobody'] }],
    ['archiveDays', { archiveDays: 0 }],
    ['logRetentionDays', { logRetentionDays: 8 }],
    ['removal', { removal: 'maybe' }],
    ['accountKeys', { accountKeys: 'hsm' }],
    ['caKeys', { caKeys: true }],
    ['vault.key', { vault: { key: 'alias/vault' } }],
    ['vault.former[0]', { vault: { former: ['old'] } }],
    ['route53.zones[0]', { route53: { zones: ['example.com'] } }],
    ['eks.roleArns[0]', { eks: { roleArns: ['prod'] } }],
    ['secretsManager.prefix', { secretsManager: { prefix: '*' } }],
    ['secretsManager.roleArns[0]', { secretsManager: { roleArns: ['*'] } }],
    ['oidc.issuer', { oidc: { issuer: 'http://issuer.example', audience: ['a'] } }],
    ['oidc.audience', { oidc: { issuer: 'https://issuer.example', audience: [] } }],
    ['oidc.audience[1]', { oidc: { issuer: 'https://issuer.example', audience: ['a', 'b,c'] } }],
    ['allowAddresses[0]', { allowAddresses: ['10.0.0.0/8,*'] }],
    ['allowAddresses[1]', { allowAddresses: ['10.0.0.0/8', '10.0.0.0/99'] }],
    ['allowAddresses[0]', { allowAddresses: ['vault.internal:99999'] }],
    ['throttle.rate', { throttle: { rate: 0 } }],
    ['domain.name', { domain: { name: 'https://api.example.com', certificateArn: CERTIFICATE } }],
    ['domain.certificateArn', { domain: { name: 'api.example.com', certificateArn: 'mine' } }],
    [
      'domain.certificateArn',
      { region: 'eu-west-1', domain: { name: 'api.example.com', certificateArn: CERTIFICATE } },
    ],
    ['alarmEmails', { alarmEmails: ['ops@example.com', 'ops@example.com'] }],
    ['keyRotationDays', { keyRotationDays: 30 }],
    ['dashboard', { dashboard: 'no' }],
    ['tags["aws:owner"]', { tags: { 'aws:owner': 'platform' } }],
    ['tags["chancery:instance"]', { tags: { 'chancery:instance': 'other' } }],
    ['tags.owner', { tags: { owner: 'a<b' } }],
    [
      'restored.ledger.stream',
      { restored: { ledger: { table: 'ledger-2', stream: `${TABLES}/ledger/stream/2026-11-22T09:00:00.000` } } },
    ],
    ['restored.ledger.stream', { restored: { ledger: { table: 'ledger-2', stream: 'latest' } } }],
  ])('is refused by the name of the key: %s', (key, input) => {
    expect(refusal(input)).toContain(`\n  ${key}: `);
  });

  it('takes what it may have', () => {
    const given = {
      tags: { owner: 'Plattform-Team/Zürich', 'cost:center': '4711' },
      allowAddresses: ['10.0.0.0/8', 'fd00::/8', 'fd00::1', 'vault.internal:8200', '*'],
      restored: { ledger: { table: 'ledger-2', stream: `${TABLES}/ledger-2/stream/2026-11-22T09:00:00.000` } },
      keyRotationDays: 365,
      dashboard: false,
      region: 'eu-central-1',
      domain: { name: 'chancery.tools.example.com', certificateArn: CERTIFICATE },
    };
    expect(parseConfig(given)).toMatchObject(given);
  });

  it('says what is allowed', () => {
    expect(refusal({ removal: 'maybe' })).toMatch(/retain.*destroy/);
    expect(refusal({ account: '12' })).toContain('twelve digits');
    expect(refusal({ oidc: { issuer: 'http://i.example', audience: ['a'] } })).toContain('an https URL');
    expect(refusal({ alarmEmails: ['nobody'] })).toContain('such as ops@example.com');
    expect(refusal({ allowAddresses: ['10.0.0.0/99'] })).toContain('a CIDR block such as 10.0.0.0/8');
  });

  it('names a key that it does not know, and the one that may be meant', () => {
    expect(refusal({ regoin: 'eu-central-1' })).toContain('regoin: unknown field "regoin": did you mean "region"?');
    expect(refusal({ oidc: { issuer: 'https://i.example', audience: ['a'], purple: 1 } })).toMatch(
      /oidc\.purple: .*teamClaim/,
    );
  });

  it('says what a member is to be, and which are missing', () => {
    expect(refusal([])).toContain('the configuration: must be an object');
    expect(refusal({ alarmEmails: 'ops@example.com' })).toContain('alarmEmails: must be a list');
    expect(refusal({ throttle: { rate: 20_000 } })).toContain('throttle.rate: must be at most 10000');
    expect(refusal({ oidc: {} })).toMatch(/oidc\.issuer: is required.*\n.*oidc\.audience: is required/);
  });

  it('stands in a file: a member in the context, or a context that is nearly ours, is no installation by default', () => {
    expect(configOf({ '@aws-cdk/core:checkSecretUsage': true, stage: 'dev' })).toEqual(parseConfig({}));
    expect(() => configOf({ region: 'eu-central-1' })).toThrow(/-c region: is not known.*-c config=FILE/);
    expect(() => configOf({ Config: 'chancery.json' })).toThrow(ConfigInvalid);
    expect(() => configOf({ config: '' })).toThrow(/must be the path of a JSON file/);
  });

  it('says that a file is not JSON', () => {
    const file = join(tempDir('config'), 'chancery.json');
    writeFileSync(file, '{"removal":');
    expect(() => readConfig(file)).toThrow(/chancery\.json is not JSON: /);
  });

  it('says which file cannot be read', () => {
    expect(() => readConfig('/nowhere/chancery.json')).toThrow(/\/nowhere\/chancery\.json cannot be read/);
  });
});
