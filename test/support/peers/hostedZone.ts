import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer } from 'node:net';
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  type Route53Client,
} from '@aws-sdk/client-route-53';
import { encodeName } from '../../../lib/adapters/dns/name.ts';
import { CLASS, decodeMessage, encodeMessage, type ResourceRecord, TYPE } from '../../../lib/adapters/dns/wire.ts';
import type { NameServer } from './dns.ts';

/** A hosted zone in the emulator. Others change it and look at it as they do at a name server of our own. */
export interface HostedZone extends Pick<NameServer, 'query' | 'update'> {
  readonly id: string;
  readonly name: string;
  /** Every set of the type at the name, as Route 53 has it. */
  sets(name: string, type: string): Promise<ResourceRecordSet[]>;
}

/** Makes a zone. `update` takes lines such as `add a.example.test. 300 TXT "x"`, `query` reads through the API. */
export async function makeHostedZone(client: Route53Client, name: string, privateZone = false): Promise<HostedZone> {
  const inVpc = {
    HostedZoneConfig: { PrivateZone: true },
    VPC: { VPCRegion: 'eu-central-1', VPCId: 'vpc-1' },
  } as const;
  const asked = { Name: name, CallerReference: `${name} ${performance.now()}`, ...(privateZone && inVpc) };
  const made = await client.send(new CreateHostedZoneCommand(asked));
  return openHostedZone(client, made.HostedZone!.Id!.replace('/hostedzone/', ''), name);
}

/** A zone that is there, by its id. */
export function openHostedZone(client: Route53Client, id: string, name: string): HostedZone {
  const sets = async (at: string, type: string) => {
    const start = { StartRecordName: at, StartRecordType: type } as { StartRecordName: string; StartRecordType: 'TXT' };
    const found = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: id, ...start, MaxItems: 1 }));
    return (found.ResourceRecordSets ?? []).filter((set) => set.Name === `${at}.` && set.Type === type);
  };
  const values = async (at: string, type: string) =>
    (await sets(at, type)).flatMap((set) => (set.ResourceRecords ?? []).map(({ Value }) => Value!));

  const add = async (line: string) => {
    const [, owner = '', ttl = '', type = '', data = ''] = /^add (\S+)\. (\d+) (\S+) (.*)$/.exec(line) ?? [];
    const ResourceRecords = [...(await values(owner, type)), data].map((Value) => ({ Value }));
    const ResourceRecordSet = { Name: `${owner}.`, Type: type as 'TXT', TTL: Number(ttl), ResourceRecords };
    const ChangeBatch = { Changes: [{ Action: 'UPSERT' as const, ResourceRecordSet }] };
    await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: id, ChangeBatch }));
  };
  return {
    id,
    name,
    sets,
    query: async (at, type) => (await values(at, type)).map((value) => (type === 'TXT' ? textOf(value) : value)),
    async update(lines) {
      for (const line of lines) await add(line);
    },
  };
}

/** The parts of a TXT value as Route 53 writes it, joined. */
const textOf = (value: string): string => [...value.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join('');

/** Answers DNS questions by what stands in these zones, CNAMEs followed, since the emulator serves no DNS. UDP and TCP on loopback. */
export async function startZoneResolver(
  zones: readonly HostedZone[],
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const stream = createServer((socket) => {
    const frames = framesOf((wire) => {
      answer(zones, wire).then((message) => {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(message.length);
        socket.write(Buffer.concat([length, message]));
      });
    });
    socket.on('data', frames).on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => stream.listen(0, '127.0.0.1', resolve));
  const { port } = stream.address() as AddressInfo;
  const datagrams = createSocket('udp4');
  datagrams.on('message', (wire, peer) => {
    answer(zones, wire).then((message) => datagrams.send(message, peer.port, peer.address));
  });
  await new Promise<void>((resolve) => datagrams.bind(port, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      await new Promise<void>((resolve) => datagrams.close(resolve));
      await new Promise((resolve) => stream.close(resolve));
    },
  };
}

/** Calls `each` with every message of a TCP stream (RFC 1035 4.2.2). */
function framesOf(each: (wire: Buffer) => void): (chunk: Buffer) => void {
  let buffer = Buffer.alloc(0);
  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= 2 && buffer.length >= 2 + buffer.readUInt16BE()) {
      const end = 2 + buffer.readUInt16BE();
      each(buffer.subarray(2, end));
      buffer = buffer.subarray(end);
    }
  };
}

const SERVFAIL = 2;

async function answer(zones: readonly HostedZone[], wire: Buffer): Promise<Buffer> {
  const { id, questions } = decodeMessage(wire);
  const { name, type } = questions[0]!;
  const common = { id, response: true, authoritative: true, questions };
  return recordsOf(zones, name, type).then(
    (answers) => encodeMessage({ ...common, answers }),
    () => encodeMessage({ ...common, rcode: SERVFAIL }),
  );
}

async function recordsOf(zones: readonly HostedZone[], asked: string, type: number): Promise<ResourceRecord[]> {
  const name = asked.toLowerCase();
  const zone = zones.find((one) => name === one.name || name.endsWith(`.${one.name}`));
  if (!zone) return [];
  const record = (kind: number, data: Buffer) => ({ name: asked, type: kind, class: CLASS.IN, ttl: 1, data });
  const [cname] = await zone.query(name, 'CNAME');
  if (cname) {
    const end = cname.replace(/\.$/, '').toLowerCase();
    const link = record(TYPE.CNAME, encodeName(end));
    return type === TYPE.CNAME ? [link] : [link, ...(await recordsOf(zones, end, type))];
  }
  if (type !== TYPE.TXT) return [];
  const sets = await zone.sets(name, 'TXT');
  const values = sets.flatMap((set) => (set.ResourceRecords ?? []).map(({ Value }) => Value!));
  return values.map((value) => record(TYPE.TXT, characterStrings(value)));
}

function characterStrings(value: string): Buffer {
  const parts = [...value.matchAll(/"([^"]*)"/g)].map(([, part]) => Buffer.from(part!));
  return Buffer.concat(parts.flatMap((part) => [Buffer.of(part.length), part]));
}
