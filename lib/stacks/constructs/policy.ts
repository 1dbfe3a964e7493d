import { type IRole, Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { PolicyStatement as Statement } from '../../adapters/policyStatement.ts';
import { acknowledgeWildcards } from './acknowledge.ts';

/** The one policy of a role: these statements and no more, each wildcard among them with its reason. */
export function policyOf(scope: Construct, role: IRole, statements: readonly Statement[], id = 'Policy'): Policy {
  const policy = new Policy(scope, id, {
    roles: [role],
    statements: statements.map((statement) => PolicyStatement.fromJson(statement)),
  });
  acknowledgeWildcards(policy, statements);
  return policy;
}
