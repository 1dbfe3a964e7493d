import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { busEvents } from '../../../lib/application/schema/busEvent.ts';
import { synthesizedTemplates } from '../../support/synthesized.ts';

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: templates have any shape
  readonly Properties: any;
}

let resources: readonly (readonly [string, Resource])[];
beforeAll(() => {
  const paths = synthesizedTemplates({ instance: 'prod', notificationEmails: ['ops@example.com'], archiveDays: 30 });
  const templates = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')));
  resources = templates.flatMap(({ Resources }) => Object.entries(Resources as Record<string, Resource>));
});
const ofType = (type: string) => resources.filter(([, { Type }]) => Type === type).map(([, one]) => one.Properties);

describe('The event bus', () => {
  it('is one, of the name of the installation, and nobody else may publish on it', () => {
    expect(ofType('AWS::Events::EventBus').map(({ Name }) => Name)).toEqual(['prod']);
    expect(ofType('AWS::Events::EventBusPolicy')).toEqual([]);
    const publishers = ofType('AWS::IAM::Policy').flatMap(({ PolicyName, PolicyDocument }) =>
      (PolicyDocument.Statement as { Action: string; Condition?: object }[])
        .filter(({ Action }) => Action === 'events:PutEvents')
        .map(({ Condition }) => ({ PolicyName, Condition })),
    );
    expect(publishers).toEqual([
      {
        PolicyName: expect.stringContaining('react'),
        Condition: { StringEquals: { 'events:source': ['chancery.prod'] } },
      },
    ]);
  });

  it('has an archive of all that is ours, for as long as the configuration says', () => {
    const [archive, ...more] = ofType('AWS::Events::Archive');
    expect(more).toEqual([]);
    expect(archive).toMatchObject({ RetentionDays: 30, EventPattern: { source: ['chancery.prod'] } });
    expect(JSON.stringify(archive.SourceArn)).toMatch(/Bus/);
  });

  it('tells people of failures, now and then of those that repeat, and of what else needs them', () => {
    const rules = ofType('AWS::Events::Rule');
    const patterns = Object.fromEntries(rules.map(({ Name, EventPattern }) => [Name, EventPattern]));
    expect(patterns).toEqual({
      'prod-failures': {
        source: ['chancery.prod'],
        'detail-type': ['certificate.failed'],
        detail: { failures: [1, 10, 100] },
      },
      'prod-notices': {
        source: ['chancery.prod'],
        'detail-type': ['certificate.expiring', 'certificate.drifted', 'certificate.revoked'],
      },
    });
    const types = rules.flatMap(({ EventPattern }) => EventPattern['detail-type'] as string[]);
    expect(types.filter((type) => !(type in busEvents))).toEqual([]);
    for (const { EventBusName, Targets } of rules) {
      expect(JSON.stringify(EventBusName)).toMatch(/Bus/);
      expect(JSON.stringify(Targets[0].Arn)).toMatch(/Topic/);
      const paths = Object.values(Targets[0].InputTransformer.InputPathsMap as Record<string, string>);
      expect(paths).toContain('$.detail.message');
    }
  });

  it('has a topic for them that takes messages of these rules alone, over TLS, encrypted by a key that is for no other topic', () => {
    const topic = ofType('AWS::SNS::Topic').find(({ TopicName }) => TopicName === 'prod-notifications');
    expect(JSON.stringify(topic.KmsMasterKeyId)).toMatch(/logsKey/);
    const policies = ofType('AWS::SNS::TopicPolicy').map(({ PolicyDocument }) => PolicyDocument.Statement);
    const statements = policies.find((one) => JSON.stringify(one).includes('events.amazonaws.com')) as {
      Effect: string;
      Principal: { Service?: string };
      Condition?: Record<string, unknown>;
    }[];
    const publishing = statements.filter(({ Effect }) => Effect === 'Allow');
    expect(publishing.map(({ Principal }) => Principal)).toEqual([{ Service: 'events.amazonaws.com' }]);
    const { ArnEquals } = publishing[0]!.Condition as { ArnEquals: Record<string, unknown[]> };
    expect(ArnEquals['aws:SourceArn']!.length).toBe(2);
    const key = ofType('AWS::KMS::Key').flatMap(({ KeyPolicy }) => KeyPolicy.Statement);
    const [grant, ...more] = key.filter(({ Principal }) => Principal.Service === 'events.amazonaws.com');
    expect(more).toEqual([]);
    const context = grant.Condition.StringEquals['kms:EncryptionContext:aws:sns:topicArn'];
    expect(JSON.stringify(context)).toContain(':prod-notifications');
    expect(ofType('AWS::SNS::Subscription')).toContainEqual(
      expect.objectContaining({ Protocol: 'email', Endpoint: 'ops@example.com' }),
    );
  });
});
