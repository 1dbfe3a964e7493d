import { Route53Client, type Route53ClientConfig } from '@aws-sdk/client-route-53';
import type { STSClient } from '@aws-sdk/client-sts';
import { type AwsPlace, assumedRole, clientsByPlace } from '../sts/assumedRole.ts';

/**
 * Tries of a request that Route 53 throttles, or answers with PriorRequestNotComplete: the SDK waits a random part of 0.5, 1 and 2 seconds
 * between them (3.5 at the most), which is what a step may spend.
 */
const MAX_ATTEMPTS = 4;

/**
 * Clients of Route 53 by region and role.
 * @param options `config`: of every client; `sts` assumes roles; `sessionName` stands in CloudTrail
 */
export function route53Clients(options: {
  readonly config: Route53ClientConfig;
  readonly sts: STSClient;
  readonly sessionName: string;
}): (place: AwsPlace) => Route53Client {
  const { config, sts, sessionName } = options;
  return clientsByPlace(({ region, roleArn, externalId }) => {
    const credentials = roleArn && assumedRole(sts, roleArn, { sessionName, ...(externalId && { externalId }) });
    const place = { ...(region && { region }), ...(credentials && { credentials }) };
    return new Route53Client({ maxAttempts: MAX_ATTEMPTS, ...config, ...place });
  });
}
