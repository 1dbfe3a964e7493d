import { EventField, type IEventBus, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { busSource } from '../../adapters/eventbridge/policy.ts';
import { type House, notificationsTopic } from './house.ts';

/** Of failures in a row, the ones that people are told of: each is tried again by itself, and a message for each would not be read. */
const TOLD_FAILURES = [1, 10, 100];

/** A topic for people: what went wrong with certificates, in a sentence. Programs make rules of their own on the bus. */
export class Notifications extends Construct {
  readonly topic: Topic;

  constructor(
    scope: Construct,
    id: string,
    { house, bus, key }: { readonly house: House; readonly bus: IEventBus; readonly key: IKey },
  ) {
    super(scope, id);
    const { instance, notificationEmails } = house.config;
    this.topic = new Topic(this, 'Topic', {
      topicName: notificationsTopic(house),
      masterKey: key,
      enforceSSL: true,
    });
    for (const address of notificationEmails) this.topic.addSubscription(new EmailSubscription(address));
    const detail = (member: string): string => EventField.fromPath(`$.detail.${member}`);
    const text = RuleTargetInput.fromMultilineText(
      [
        `${detail('team')}/${detail('name')}: ${detail('message')}`,
        `${detail('type')} at ${detail('at')}, revision ${detail('revision')} ${detail('destination')}`,
        `${detail('cause.remedy')}`,
      ].join('\n'),
    );
    // By its ARN alone: the CDK would let every rule of every account publish.
    const target = new SnsTopic(Topic.fromTopicArn(this, 'Target', this.topic.topicArn), { message: text });
    const rule = (name: string, description: string, detailType: string[], more?: Record<string, unknown>): Rule =>
      new Rule(this, name, {
        ruleName: `${instance}-${name}`,
        description,
        eventBus: bus,
        eventPattern: { source: [busSource(instance)], detailType, ...(more && { detail: more }) },
        targets: [target],
      });
    const rules = [
      rule('failures', 'failures that people are told of', ['certificate.failed'], { failures: TOLD_FAILURES }),
      rule('notices', 'what else people are told of', [
        'certificate.expiring',
        'certificate.drifted',
        'certificate.revoked',
      ]),
    ];
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'RulesOfThisInstallation',
        effect: Effect.ALLOW,
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ ruleArn }) => ruleArn) } },
      }),
    );
  }
}
