import type { Ministack } from './peers/ministack.ts';

type Place = Pick<Ministack, 'endpoint' | 'region'>;

/**
 * Calls an action of a service that speaks the query protocol (CloudFormation, CloudWatch, SNS), for which a test needs no SDK client.
 * @param parameters lists as the protocol writes them: `Dimensions.member.1.Name`
 * @returns the answer's XML
 */
export async function awsQuery(
  { endpoint, region }: Place,
  service: 'cloudformation' | 'monitoring' | 'sns',
  Action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      // Signed for a service by name alone: the emulator looks no further.
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ Action, ...parameters }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} ${Action}: ${answer.status} ${text.slice(0, 500)}`);
  return text;
}

/** What stands in the first element of this name. */
export const elementOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
