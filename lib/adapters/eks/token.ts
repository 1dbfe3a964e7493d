import { createHash, createHmac } from 'node:crypto';
import type { RoleCredentials } from '../sts/assumedRole.ts';

/** Credentials as the SDK's providers answer them; those of a role have a session token. */
export type SigningCredentials = Omit<RoleCredentials, 'sessionToken' | 'expiration'> & {
  readonly sessionToken?: string;
};

const PREFIX = 'k8s-aws-v1.';
const CLUSTER_HEADER = 'x-k8s-aws-id';
/** Seconds that the URL itself says it holds. The cluster takes the token for 15 minutes from its date, whatever stands here. */
const EXPIRES = 60;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** As RFC 3986 has it, and SigV4 with it: `encodeURIComponent` leaves five characters too many. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * A bearer token for an EKS cluster: the presigned URL of a GetCallerIdentity that only this cluster can use, because its name is a signed header.
 * The cluster sends it to STS, and so learns which role asks
 * (https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster).
 * @param cluster `name` in EKS, and its region, whose STS is asked
 * @param now milliseconds since the epoch
 */
export function eksToken(
  credentials: SigningCredentials,
  { name, region }: { readonly name: string; readonly region: string },
  now: number,
): string {
  const host = `sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${date.slice(0, 8)}/${region}/sts/aws4_request`;
  const parameters: Readonly<Record<string, string>> = {
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': date,
    'X-Amz-Expires': String(EXPIRES),
    ...(credentials.sessionToken && { 'X-Amz-Security-Token': credentials.sessionToken }),
    'X-Amz-SignedHeaders': `host;${CLUSTER_HEADER}`,
  };
  const query = Object.entries(parameters)
    .map(([key, value]) => `${encoded(key)}=${encoded(value)}`)
    .sort()
    .join('&');
  const headers = `host:${host}\n${CLUSTER_HEADER}:${name}\n`;
  const request = ['GET', '/', query, headers, `host;${CLUSTER_HEADER}`, sha256('')].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(request)].join('\n');
  const key = [date.slice(0, 8), region, 'sts', 'aws4_request'].reduce<string | Buffer>(
    (before, part) => hmac(before, part),
    `AWS4${credentials.secretAccessKey}`,
  );
  const url = `https://${host}/?${query}&X-Amz-Signature=${hmac(key, toSign).toString('hex')}`;
  return PREFIX + Buffer.from(url).toString('base64url');
}
