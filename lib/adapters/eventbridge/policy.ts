import type { PolicyStatement } from '../policyStatement.ts';

/** What an installation's events say that they come from. */
export const busSource = (instance: string): string => `chancery.${instance}`;

/** What a role needs to publish on the bus, as this source and no other. */
export function busPolicy(busArn: string, source: string): PolicyStatement[] {
  return [
    {
      Sid: 'PublishEvents',
      Effect: 'Allow',
      Action: ['events:PutEvents'],
      Resource: [busArn],
      Condition: { StringEquals: { 'events:source': [source] } },
    },
  ];
}
