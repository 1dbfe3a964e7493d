import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { PolicyStatement } from '../../adapters/policyStatement.ts';
import { wildcardReasons } from '../permissions.ts';

/** Says why findings of cdk-nag are meant to be so. Each finding is named whole: another of the same rule is seen. */
export function acknowledge(construct: IConstruct, reason: string, ...ids: readonly string[]): void {
  Validations.of(construct).acknowledge(...ids.map((id) => ({ id: `AwsSolutions-${id}`, reason })));
}

/** Acknowledges the wildcards of a policy for the reasons that are written down. */
export function acknowledgeWildcards(policy: IConstruct, statements: readonly PolicyStatement[]): void {
  for (const { Sid, Resource } of statements) {
    const reason = wildcardReasons[Sid];
    const wide = Resource.map((resource) => shown(Stack.of(policy).resolve(resource))).filter((one) =>
      one.includes('*'),
    );
    if (reason) acknowledge(policy, reason, ...wide.map((resource) => `IAM5[Resource::${resource}]`));
  }
}

/** A resource as cdk-nag writes it: what is known only when it is deployed stands between angle brackets. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return `<${Ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  const [separator, parts] = (join ?? ['', []]) as [string, unknown[]];
  return parts.map(shown).join(separator);
}
