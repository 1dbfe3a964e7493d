import { DnsError, type TxtValue } from '../../ports/dnsProvider.ts';
import { decodeName, isWithin, parentName, sameName } from './name.ts';
import { messageIds } from './nameServer.ts';
import { checkAnswer, type Query } from './query.ts';
import { RCODE, rcodeError } from './rcode.ts';
import { type Channel, type NameServer, openTcp } from './transport.ts';
import { sign, type TsigKey, verify } from './tsig.ts';
import { CLASS, decodeMessage, type Message, question, type ResourceRecord, TYPE, txtData, update } from './wire.ts';

/** Dynamic update (RFC 2136) over TCP, each exchange signed when there is a key. */

/** Seconds; these records live for minutes, and a resolver must not keep a stale one. */
const TTL = 60;

/** Where to send updates. `timeout` in milliseconds for each exchange; `now` in milliseconds since the epoch. */
export interface UpdateServer {
  readonly server: NameServer;
  readonly key: TsigKey | undefined;
  readonly timeout: number;
  readonly now: () => number;
}

/** The zone that a name is in, and the CNAME that the server answers for the name, be it its own or a wildcard's. */
interface Place {
  readonly zone: string;
  readonly cname?: string;
}

/** What an update does to a value's name: a prerequisite where a CNAME was seen, and the change. */
interface Change {
  readonly record: (value: TxtValue) => ResourceRecord;
  readonly refuseCname: boolean;
}

/** RFC 2136 2.5.1, add to an RRset: a record that is there already is silently the same. */
const ADD: Change = {
  record: ({ fqdn, value }) => ({ ...txt(fqdn, value), class: CLASS.IN, ttl: TTL }),
  refuseCname: true,
};

/** RFC 2136 2.5.4, delete an RR from an RRset: an absent record is no error. */
const DELETE: Change = {
  record: ({ fqdn, value }) => ({ ...txt(fqdn, value), class: CLASS.NONE, ttl: 0 }),
  refuseCname: false,
};

/** Adds the values, one update a zone; what stands there stays. @throws DnsError as the port says, and `CnameInTheWay` */
export const presentByUpdate = (to: UpdateServer, values: readonly TxtValue[]): Promise<void> =>
  withSession(to, (session) => session.change(values, ADD));

/** Deletes exactly these records; absent ones are no error. @throws DnsError as the port says */
export const cleanUpByUpdate = (to: UpdateServer, values: readonly TxtValue[]): Promise<void> =>
  withSession(to, (session) => session.change(values, DELETE));

/** The zone of `fqdn` at the update server. @throws DnsError `DnsNotZone` when none of its zones holds the name */
export async function zoneAtServer(to: UpdateServer, fqdn: string): Promise<string> {
  return withSession(to, async (session) => (await session.place(fqdn)).zone);
}

function txt(name: string, value: string): Pick<ResourceRecord, 'name' | 'type' | 'data'> {
  return { name, type: TYPE.TXT, data: txtData(value) };
}

async function withSession<T>(to: UpdateServer, work: (session: Session) => Promise<T>): Promise<T> {
  const channel = await openTcp(to.server, to.timeout);
  try {
    return await work(new Session(to, channel));
  } finally {
    channel.close();
  }
}

/** One connection's exchanges. */
class Session {
  readonly #to: UpdateServer;
  readonly #channel: Channel;
  readonly #ids = messageIds();

  constructor(to: UpdateServer, channel: Channel) {
    this.#to = to;
    this.#channel = channel;
  }

  /** One UPDATE a zone, all at once. */
  async change(values: readonly TxtValue[], change: Change): Promise<void> {
    const names = [...new Set(values.map(({ fqdn }) => fqdn))];
    const places = new Map(await Promise.all(names.map(async (name) => [name, await this.place(name)] as const)));
    const zones = Map.groupBy(values, ({ fqdn }) => (places.get(fqdn) as Place).zone.toLowerCase());
    const updates = [...zones].map(([zone, inZone]) => {
      const cnames = [...places].filter(([, place]) => place.cname && sameName(place.zone, zone));
      return this.#update(zone, change.refuseCname ? new Map(cnames) : new Map(), inZone.map(change.record));
    });
    await Promise.all(updates);
  }

  /** Finds the zone by SOA queries, walking up where an answer names none, as it does when a CNAME stands at the name. */
  async place(fqdn: string): Promise<Place> {
    let cname: string | undefined;
    for (let name: string | undefined = fqdn; name; name = parentName(name)) {
      const answer = await this.#soa(name);
      const alias = answer.answers.find(
        (record) => record.type === TYPE.CNAME && sameName(record.name, name as string),
      );
      if (alias) {
        if (name === fqdn) cname = decodeName(alias.data, 0).name;
        continue;
      }
      const found = [...answer.answers, ...answer.authorities].find(({ type }) => type === TYPE.SOA);
      // The root is nobody's zone to write to: a server that answers for it only keeps questions from leaving.
      if (!answer.authoritative || !found || found.name === '' || !isWithin(fqdn, found.name)) break;
      return cname ? { zone: found.name, cname } : { zone: found.name };
    }
    throw new DnsError('DnsNotZone', `${this.#to.server.label} serves no zone that holds ${fqdn}`, false);
  }

  /** @param cnames names that must not own a CNAME; one that a wildcard makes up does not count (RFC 2136 2.4.3) */
  async #update(zone: string, cnames: ReadonlyMap<string, Place>, changes: readonly ResourceRecord[]): Promise<void> {
    const absent = { type: TYPE.CNAME, class: CLASS.NONE, ttl: 0, data: Buffer.alloc(0) };
    const prerequisites = [...cnames.keys()].map((name) => ({ name, ...absent }));
    const message = update(this.#ids(), zone, prerequisites, changes);
    const answer = await this.#exchange(message, { name: zone, type: TYPE.SOA });
    if (answer.rcode === RCODE.YXRRSET) throw cnameInTheWay(cnames);
    if (answer.rcode !== RCODE.NOERROR) throw this.#refused(answer, `an update of ${zone}`);
  }

  async #soa(name: string): Promise<Message> {
    const query = { name, type: TYPE.SOA };
    const answer = await this.#exchange(question(this.#ids(), name, TYPE.SOA), query);
    const { rcode } = answer;
    if (rcode === RCODE.REFUSED)
      throw new DnsError('DnsNotZone', `${this.#to.server.label} refuses questions for ${name}: not its zone`, false);
    if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) throw this.#refused(answer, `a question for ${name}`);
    return answer;
  }

  #refused(answer: Message, act: string): DnsError {
    return rcodeError(answer.rcode, this.#to.server.label, act);
  }

  async #exchange(message: Buffer, query: Query): Promise<Message> {
    const { key, now, server } = this.#to;
    if (!key) return checkAnswer(decodeMessage(await this.#channel.ask(message)), query, server.label);
    const signed = sign(message, key, now());
    const answer = await this.#channel.ask(signed.wire);
    return checkAnswer(verify(answer, key, signed.mac, now()), query, server.label);
  }
}

function cnameInTheWay(cnames: ReadonlyMap<string, Place>): DnsError {
  const which = [...cnames].map(([name, { cname }]) => `${name} is a CNAME to ${cname}`).join(', ');
  const remedy = 'set cnameStrategy: Follow on the solver, or remove the CNAME';
  return new DnsError('CnameInTheWay', `${which}: no TXT record can stand beside it; ${remedy}`, false);
}
