import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
  type Tag,
} from '@aws-sdk/client-secrets-manager';
import type { PushContext } from '../../ports/destinations.ts';

/** The stage of the version that readers get. */
export const CURRENT = 'AWSCURRENT';

/** Whose the secret is: our instance's mark, and the certificate in it. */
const TAG = {
  instance: 'chancery.dev/instance',
  team: 'chancery.dev/team',
  certificate: 'chancery.dev/certificate',
} as const;

/** A secret as it stands, without its value. */
export interface FoundSecret {
  readonly arn: string;
  readonly instance?: string;
  /** team/name */
  readonly certificate?: string;
  readonly deletedAt?: Date;
  /** Id of the version that is current. */
  readonly current?: string;
}

/** The tags of a secret of ours. */
export function tagsOf({ instance, certificate }: PushContext): Tag[] {
  const [team = '', name = ''] = certificate.split('/');
  const values = { [TAG.instance]: instance, [TAG.team]: team, [TAG.certificate]: name };
  return Object.entries(values).map(([Key, Value]) => ({ Key, Value }));
}

/** @returns undefined when there is no secret of this name */
export async function describe(client: SecretsManagerClient, name: string): Promise<FoundSecret | undefined> {
  const found = await client.send(new DescribeSecretCommand({ SecretId: name })).catch(orNothing);
  if (!found) return undefined;
  const tags = Object.fromEntries((found.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  const versions = Object.entries(found.VersionIdsToStages ?? {});
  return {
    arn: found.ARN!,
    instance: tags[TAG.instance],
    certificate: tags[TAG.team] && `${tags[TAG.team]}/${tags[TAG.certificate]}`,
    deletedAt: found.DeletedDate,
    current: versions.find(([, stages]) => stages.includes(CURRENT))?.[0],
  };
}

/** The current value; undefined when there is none. */
export async function currentValue(
  client: SecretsManagerClient,
  arn: string,
): Promise<{ readonly version: string; readonly text?: string } | undefined> {
  const found = await client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage: CURRENT })).catch(orNothing);
  return found && { version: found.VersionId!, text: found.SecretString };
}

function orNothing(error: unknown): undefined {
  if (!(error instanceof Error) || error.name !== 'ResourceNotFoundException') throw error;
}
