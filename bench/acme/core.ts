import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { acmeServer } from '../../lib/adapters/acme/acmeServer.ts';
import { localSigner } from '../../lib/adapters/localkeys/keySigner.ts';
import { httpClient } from '../../lib/adapters/net/client.ts';
import { instant } from '../../lib/domain/time.ts';
import type { AcmeAccount, AcmeEndpoint, AcmeServer, Order } from '../../lib/ports/acmeServer.ts';
import { plainCsr } from './csr.ts';
import { startResponder } from './responder.ts';
import { inLanes, type Prepare } from './runner.ts';

/** The protocol core alone, without the service around it: what lib/adapters/acme adds to the floor. */
export const prepare: Prepare = async (job) => {
  const http = httpClient({ allow: ['*'] });
  const acme = acmeServer({ http, clock: { now: () => instant(Date.now()) }, userAgent: 'chancery-bench/1' });
  const endpoint = { server: job.directoryUrl, caBundle: job.caPem };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = localSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const { url } = await acme.register(endpoint, signer, { contact: [], termsOfServiceAgreed: true });
  const account = { signer, url };
  const responder = await startResponder(job.challenge);

  async function prove(authorizationUrl: string): Promise<void> {
    const authorization = await acme.authorization(endpoint, account, authorizationUrl);
    const challenge = authorization.challenges.find(({ type }) => type === job.challenge.type)!;
    const proof = acme.keyAuthorization(account, challenge.token!);
    const value = job.challenge.type === 'dns-01' ? acme.dns01Value(proof) : proof;
    await responder.show(authorization.identifier.value, challenge.token!, value);
    await acme.answer(endpoint, account, challenge.url);
  }

  async function issue(names: readonly string[]): Promise<void> {
    const identifiers = names.map((value) => ({ type: 'dns' as const, value }));
    const order = await acme.newOrder(endpoint, account, { identifiers, profile: 'default' });
    await inLanes(order.authorizations, 8, prove);
    const csr = plainCsr(names);
    await settled(acme, endpoint, account, await acme.order(endpoint, account, order.url), ['pending']);
    const finalized = await acme.finalize(endpoint, account, order, csr);
    const valid = await settled(acme, endpoint, account, finalized, ['ready', 'processing']);
    await acme.download(endpoint, account, valid.certificate!);
  }

  return {
    issue: (certificates, concurrency) => inLanes(certificates, concurrency, issue),
    async close() {
      await http.close();
      await responder.close();
    },
  };
};

async function settled(
  acme: AcmeServer,
  endpoint: AcmeEndpoint,
  account: AcmeAccount,
  first: Order,
  statuses: readonly Order['status'][],
): Promise<Order> {
  let order = first;
  for (let pause = 50; ; pause = Math.min(pause * 1.3, 500)) {
    if (order.status === 'invalid') throw new Error('the order became invalid');
    if (!statuses.includes(order.status)) return order;
    await sleep(pause);
    order = await acme.order(endpoint, account, order.url);
  }
}
