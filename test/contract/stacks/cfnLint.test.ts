import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cfnLint } from '../../support/peers/cfnLint.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { synthesizedTemplates } from '../../support/synthesized.ts';
import { tempDir } from '../../support/temp.ts';

/** Findings that are meant to be so, by the rule: where, and why. A finding elsewhere by the same rule is seen. */
const EXPLAINED: Readonly<Record<string, { readonly at: RegExp; readonly why: string }>> = {
  W3005: {
    at: /^Resources\.(\w+Function|DomainMapping)\w+\.DependsOn\.\d+$/,
    why: "the CDK's Function makes itself depend on its role, of which it also names the ARN, and its ApiMapping on its domain: said twice, and harmless",
  },
};

/** One installation as it is by default, and one with every member of the configuration. */
const CONFIGURATIONS = {
  'as it is by default': {},
  'with everything configured': {
    instance: 'all',
    account: '123456789012',
    region: 'eu-central-1',
    alarmEmails: ['ops@example.com'],
    notificationEmails: ['ops@example.com'],
    archiveDays: 30,
    logRetentionDays: 30,
    removal: 'destroy',
    keyRotationDays: 365,
    dashboard: false,
    route53: { zones: ['Z0123456789ABC'], roleArns: ['arn:aws:iam::210987654321:role/dns'] },
    secretsManager: { prefix: 'tls/', roleArns: ['arn:aws:iam::210987654321:role/secrets'] },
    oidc: { issuer: 'https://issuer.example', audience: ['chancery'], teamClaim: 'team', verbsClaim: 'verbs' },
    allowAddresses: ['10.0.0.0/8'],
    throttle: { rate: 10, burst: 20 },
    domain: {
      name: 'chancery.example.com',
      certificateArn: 'arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
    },
    tags: { owner: 'platform' },
  },
};

/** A queue that waits longer than there is time, and one that nobody knows. */
const WRONG = {
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { MessageRetentionPeriod: 99_999_999, Colour: 'red' } },
    Other: { Type: 'AWS::SQS::Queue', DependsOn: 'Nobody' },
  },
};

describeWith(['cfnLint'], 'The templates of an installation', () => {
  // It takes ten seconds of a processor, and on a busy machine many more.
  const patient = { timeout: 300_000 };

  it.each(Object.entries(CONFIGURATIONS))(
    'have no finding of cfn-lint that is not explained: %s',
    patient,
    async (_, input) => {
      const templates = synthesizedTemplates(input);
      expect(templates.length).toBeGreaterThanOrEqual(4);
      const findings = await cfnLint(templates);
      expect(findings.filter(({ rule, at }) => !EXPLAINED[rule]?.at.test(at))).toEqual([]);
    },
  );

  it('would have findings if they were wrong', patient, async () => {
    const file = join(tempDir('wrong'), 'wrong.template.json');
    writeFileSync(file, JSON.stringify(WRONG));
    const rules = (await cfnLint([file])).map(({ rule }) => rule);
    expect(rules).toEqual(expect.arrayContaining(['E3002', 'E3005']));
  });
});
