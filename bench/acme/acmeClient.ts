import { Agent } from 'node:https';
import * as acme from 'acme-client';
import { type Responder, startResponder } from './responder.ts';
import { inLanes, type Job, type Prepare, type Ready } from './runner.ts';

type Issue = (client: acme.Client, responder: Responder, job: Job, names: readonly string[]) => Promise<unknown>;

/**
 * An account at the CA, and one way to issue. `backoff` in milliseconds: its least and greatest pause between polls.
 */
export async function acmeClientRunner(
  job: Job,
  issue: Issue,
  backoff: { min: number; max: number } | undefined,
): Promise<Ready> {
  // Node's own default agent keeps connections alive too.
  acme.axios.defaults.httpsAgent = new Agent({ ca: job.caPem, keepAlive: true });
  const responder = await startResponder(job.challenge);
  const client = new acme.Client({
    directoryUrl: job.directoryUrl,
    accountKey: await acme.crypto.createPrivateEcdsaKey(),
    ...(backoff ? { backoffMin: backoff.min, backoffMax: backoff.max, backoffAttempts: 50 } : {}),
  });
  await client.createAccount({ termsOfServiceAgreed: true });
  return {
    issue: (certificates, concurrency) =>
      inLanes(certificates, concurrency, (names) => issue(client, responder, job, names)),
    close: () => responder.close(),
  };
}

/** A key and a CSR as acme-client makes them. */
export async function newCsr(names: readonly string[]): Promise<Buffer> {
  const [, csr] = await acme.crypto.createCsr({ altNames: [...names] }, await acme.crypto.createPrivateEcdsaKey());
  return csr;
}

async function lowLevel(client: acme.Client, responder: Responder, job: Job, names: readonly string[]): Promise<void> {
  const order = await client.createOrder({ identifiers: names.map((value) => ({ type: 'dns', value })) });
  const authorizations = await client.getAuthorizations(order);
  await Promise.all(
    authorizations.map(async (authorization) => {
      const challenge = authorization.challenges.find(({ type }) => type === job.challenge.type)!;
      const value = await client.getChallengeKeyAuthorization(challenge);
      await responder.show(authorization.identifier.value, challenge.token, value);
      await client.completeChallenge(challenge);
      await client.waitForValidStatus(challenge);
    }),
  );
  await client.getCertificate(await client.finalizeOrder(order, await newCsr(names)));
}

/** acme-client's low-level calls, with pauses tuned for a quick CA. */
export const prepare: Prepare = (job) => acmeClientRunner(job, lowLevel, { min: 100, max: 500 });
