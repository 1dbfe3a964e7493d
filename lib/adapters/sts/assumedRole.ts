import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';

/** Where a client works: in a region, in the account of a role. `externalId` says for whom the role is assumed. */
export interface AwsPlace {
  readonly region?: string;
  readonly roleArn?: string;
  readonly externalId?: string;
}

/** Temporary credentials as the SDK's clients take them from a provider, and renew them before they expire. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration?: Date;
}

/**
 * A credential provider for the SDK's clients that assumes a role for an hour, whenever a client asks.
 * @param sessionName stands in CloudTrail
 */
export function assumedRole(
  sts: STSClient,
  roleArn: string,
  { sessionName, externalId }: { readonly sessionName: string; readonly externalId?: string },
): () => Promise<RoleCredentials> {
  return async () => {
    const asked = { RoleArn: roleArn, RoleSessionName: sessionName, ExternalId: externalId };
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } =
      (await sts.send(new AssumeRoleCommand(asked)).catch(explain)).Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken) throw new Error(`STS gave no credentials for ${roleArn}`);
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      ...(Expiration && { expiration: Expiration }),
    };
  };
}

/** STS refused the role. Told apart from a refusal of the call that the role was assumed for. */
export class RoleRefused extends Error {
  override readonly name = 'RoleRefused';
}

function explain(error: unknown): never {
  const { name, message } = error as Error;
  throw name.startsWith('AccessDenied') ? new RoleRefused(message, { cause: error }) : error;
}

/** One client for each region, role and external id, made by `make` when it is first asked for. */
export function clientsByPlace<Client>(make: (place: AwsPlace) => Client): (place: AwsPlace) => Client {
  const made = new Map<string, Client>();
  return (place) => {
    const key = JSON.stringify([place.region, place.roleArn, place.externalId]);
    const client = made.get(key) ?? make(place);
    made.set(key, client);
    return client;
  };
}
