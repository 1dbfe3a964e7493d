import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../../lib/stacks/bundle.ts';
import type { sdkCalls } from '../../support/sdkErrors.ts';
import { tempDir } from '../../support/temp.ts';

const json = (type: string, more: object = {}) => JSON.stringify({ __type: `com.amazonaws.x#${type}`, ...more });
const xml = (code: string, message: string) =>
  `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;

describe("the SDK's clients, in a bundle", () => {
  let answer: { status: number; body: string };
  let calls: ReturnType<typeof sdkCalls>;
  const server = createServer((_, response) => {
    const type = answer.body.startsWith('<') ? 'text/xml' : 'application/x-amz-json-1.0';
    response.writeHead(answer.status, { 'content-type': type }).end(answer.body);
  });

  beforeAll(async () => {
    const { code } = await bundle('test/support/sdkErrors.ts');
    const file = join(tempDir('lean'), 'bundled.mjs');
    writeFileSync(file, code);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const bundled = (await import(pathToFileURL(file).href)) as { sdkCalls: typeof sdkCalls };
    calls = bundled.sdkCalls(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => void server.close());

  const failing = async (call: string, body: string): Promise<unknown> => {
    answer = { status: 400, body };
    return calls[call]!().catch((error: unknown) => error);
  };

  it.each([
    ['sign', json('DisabledException', { message: 'it is disabled' }), 'DisabledException', 'it is disabled'],
    ['sign', json('NeverHeardOf', { message: 'who knows' }), 'NeverHeardOf', 'who knows'],
    ['getItem', json('ResourceNotFoundException', { message: 'no table' }), 'ResourceNotFoundException', 'no table'],
    ['zones', xml('ThrottlingException', 'Rate exceeded'), 'ThrottlingException', 'Rate exceeded'],
    ['change', xml('NoSuchHostedZone', 'there is none'), 'NoSuchHostedZone', 'there is none'],
    ['assume', xml('AccessDenied', 'not you'), 'AccessDenied', 'not you'],
    ['assume', xml('RegionDisabledException', 'not here'), 'RegionDisabledException', 'not here'],
  ])('%s tells an error by its name and its message: %s', async (call, body, name, message) => {
    expect(await failing(call, body)).toMatchObject({ name, message, $metadata: { httpStatusCode: 400 } });
  });

  it('have the members of those errors of which members are read', async () => {
    const reasons = [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: { id: { S: 'a' } } }];
    const cancelled = json('TransactionCanceledException', { Message: 'cancelled', CancellationReasons: reasons });
    expect(await failing('transact', cancelled)).toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: reasons,
    });
    const batch = '<messages><Message>it already exists</Message></messages>';
    const invalid = xml('InvalidChangeBatch', 'wrong').replace('</Error>', `${batch}</Error>`);
    expect(await failing('change', invalid)).toMatchObject({
      name: 'InvalidChangeBatch',
      messages: ['it already exists'],
    });
  });

  it('read answers as ever', async () => {
    answer = {
      status: 200,
      body: '<ListHostedZonesResponse><HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name><CallerReference>a</CallerReference><Config><PrivateZone>false</PrivateZone></Config></HostedZone></HostedZones><IsTruncated>false</IsTruncated><MaxItems>1</MaxItems></ListHostedZonesResponse>',
    };
    expect(await calls.zones!()).toMatchObject({
      HostedZones: [{ Id: '/hostedzone/Z1', Name: 'example.com.', Config: { PrivateZone: false } }],
      IsTruncated: false,
    });
    answer = { status: 200, body: JSON.stringify({ Item: { id: { S: 'a' }, bytes: { B: 'AAE=' } } }) };
    expect(await calls.getItem!()).toMatchObject({ Item: { id: { S: 'a' }, bytes: { B: Uint8Array.of(0, 1) } } });
  });
});
