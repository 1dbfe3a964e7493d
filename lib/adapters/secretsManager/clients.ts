import { SecretsManagerClient, type SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import type { STSClient } from '@aws-sdk/client-sts';
import { type AwsPlace, assumedRole, clientsByPlace } from '../sts/assumedRole.ts';

/**
 * Clients of Secrets Manager by region and role.
 * @param options `config`: of every client, with the region of the service itself; `sts` assumes roles; `sessionName` stands in CloudTrail
 */
export function secretsManagerClients(options: {
  readonly config: SecretsManagerClientConfig;
  readonly sts: STSClient;
  readonly sessionName: string;
}): (place: AwsPlace) => SecretsManagerClient {
  const { config, sts, sessionName } = options;
  return clientsByPlace(({ region, roleArn, externalId }) => {
    const credentials = roleArn && assumedRole(sts, roleArn, { sessionName, ...(externalId && { externalId }) });
    return new SecretsManagerClient({ ...config, ...(region && { region }), ...(credentials && { credentials }) });
  });
}
