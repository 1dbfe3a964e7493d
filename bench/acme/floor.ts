import { generateKeyPairSync, hash, sign } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainCsr } from './csr.ts';
import { type Responder, startResponder } from './responder.ts';
import { inLanes, type Job, type Prepare } from './runner.ts';

/**
 * The floor: the least a client can do. node:crypto, kept-alive connections, a nonce pool, polling of the order;
 * nothing is checked, stored or retried. It shares no code with the product.
 */
export const prepare: Prepare = async (job) => {
  const responder = await startResponder(job.challenge);
  const client = await floorClient(job);
  return {
    issue: (certificates, concurrency) =>
      inLanes(certificates, concurrency, (names) => issue(client, responder, job, names)),
    async close() {
      client.agent.destroy();
      await responder.close();
    },
  };
};

interface Answer {
  readonly location: string;
  readonly text: string;
}

interface Floor {
  readonly agent: Agent;
  readonly newOrder: string;
  readonly thumbprint: string;
  post(url: string, payload?: unknown): Promise<Answer>;
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

async function floorClient(job: Job): Promise<Floor> {
  const agent = new Agent({ keepAlive: true, ca: job.caPem });
  const nonces: string[] = [];
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { crv, kty, x, y };
  let kid: string | undefined;

  function exchange(method: string, url: string, body?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = {
        'user-agent': 'floor/1',
        'content-type': 'application/jose+json',
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      };
      const outgoing = request(url, { method, agent, headers }, (incoming: IncomingMessage) => {
        const nonce = incoming.headers['replay-nonce'];
        if (nonce) nonces.push(nonce as string);
        let text = '';
        incoming.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        incoming.once('end', () => {
          if (incoming.statusCode! < 300) resolve({ location: incoming.headers.location ?? '', text });
          else reject(new Error(`${method} ${url}: ${incoming.statusCode} ${text}`));
        });
      });
      outgoing.once('error', reject).end(body);
    });
  }

  const directory = JSON.parse((await exchange('GET', job.directoryUrl)).text);

  async function post(url: string, payload?: unknown): Promise<Answer> {
    if (nonces.length === 0) await exchange('HEAD', directory.newNonce);
    const nonce = nonces.pop();
    if (nonce === undefined) return post(url, payload);
    const head = encoded({ alg: 'ES256', nonce, url, ...(kid ? { kid } : { jwk }) });
    const body = payload === undefined ? '' : encoded(payload);
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), key).toString('base64url');
    return exchange('POST', url, JSON.stringify({ protected: head, payload: body, signature }));
  }

  kid = (await post(directory.newAccount, { termsOfServiceAgreed: true })).location;
  return { agent, newOrder: directory.newOrder, thumbprint: hash('sha256', JSON.stringify(jwk), 'base64url'), post };
}

/** Asks for the order at once, then from 50 ms with growth, until it is no longer in this status. */
async function settled(
  client: Floor,
  url: string,
  statuses: readonly string[],
  first?: Answer,
): Promise<{ [member: string]: string }> {
  let answer = first ?? (await client.post(url));
  for (let pause = 50; ; pause = Math.min(pause * 1.3, 500)) {
    const order = JSON.parse(answer.text);
    if (order.status === 'invalid') throw new Error(`the order became invalid: ${answer.text}`);
    if (!statuses.includes(order.status)) return order;
    await sleep(pause);
    answer = await client.post(url);
  }
}

async function issue(client: Floor, responder: Responder, job: Job, names: readonly string[]): Promise<void> {
  const identifiers = names.map((value) => ({ type: 'dns', value }));
  const placed = await client.post(client.newOrder, { identifiers, profile: 'default' });
  const order = JSON.parse(placed.text);
  await Promise.all(
    order.authorizations.map(async (url: string) => {
      const authorization = JSON.parse((await client.post(url)).text);
      const challenge = authorization.challenges.find(({ type }: { type: string }) => type === job.challenge.type);
      const proof = `${challenge.token}.${client.thumbprint}`;
      const value = job.challenge.type === 'dns-01' ? hash('sha256', proof, 'base64url') : proof;
      await responder.show(authorization.identifier.value, challenge.token, value);
      await client.post(challenge.url, {});
    }),
  );
  const csr = plainCsr(names).toString('base64url');
  await settled(client, placed.location, ['pending']);
  const finalized = await client.post(order.finalize, { csr });
  const { certificate } = await settled(client, placed.location, ['ready', 'processing'], finalized);
  await client.post(certificate!);
}
