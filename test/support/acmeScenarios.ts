import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AcmeEndpoint,
  AcmeError,
  type AcmeServer,
  type Authorization,
  type Order,
} from '../../lib/ports/acmeServer.ts';
import type { KeySigner } from '../../lib/ports/keySigner.ts';
import { challengeOf } from './acmeClient.ts';
import type { PebbleOptions } from './peers/pebble.ts';

/** What a scenario works with. `pause` (milliseconds) lets a real CA do its work; a replayed one needs none. */
export interface Stage {
  readonly acme: AcmeServer;
  readonly endpoint: AcmeEndpoint;
  readonly signer: KeySigner;
  show(token: string, keyAuthorization: string): void;
  readonly pause: number;
}

/** A scenario, run once to record it and at every test to replay it. It answers what the test looks at. */
export interface Scenario {
  readonly pebble: PebbleOptions;
  run(stage: Stage): Promise<Readonly<Record<string, unknown>>>;
}

/** A CSR for fixed.example.test, by a key that was thrown away: a replayed request must equal the recorded one. */
const CSR = Buffer.from(
  'MIHrMIGSAgEAMAAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR0leHlwx3rScNsnaeynPHiiieqL8s9YFzaBE0ws8W3JYQ7FQ8KGVItGHSSy8QnNaPZ7rpSAMlc10dHZOS0DynsoDAwLgYJKoZIhvcNAQkOMSEwHzAdBgNVHREEFjAUghJmaXhlZC5leGFtcGxlLnRlc3QwCgYIKoZIzj0EAwIDSAAwRQIgN/s/8lMNboDVhwwEVkz08/11K4rucWof0VIAYPn47yYCIQD/OKhf/YCxaVLySQqtCSNqoJdFpj0V8D/Qk8+X8l+t6Q==',
  'base64',
);

const agreed = { contact: [], termsOfServiceAgreed: true };
const names = (...values: string[]) => values.map((value) => ({ type: 'dns' as const, value }));
const refused = (work: Promise<unknown>): Promise<AcmeError> =>
  work.then(
    () => Promise.reject(new Error('this was to be refused')),
    (error) => (error instanceof AcmeError ? error : Promise.reject(error)),
  );

async function placed({ acme, endpoint, signer }: Stage, name: string) {
  const { url } = await acme.register(endpoint, signer, agreed);
  const account = { signer, url };
  const order = await acme.newOrder(endpoint, account, { identifiers: names(name), profile: 'default' });
  const authorization = await acme.authorization(endpoint, account, order.authorizations[0]!);
  return { account, order, authorization };
}

async function issuance(stage: Stage) {
  const { acme, endpoint, pause } = stage;
  const { account, order, authorization } = await placed(stage, 'fixed.example.test');
  const challenge = challengeOf(authorization, 'http-01');
  stage.show(challenge.token!, acme.keyAuthorization(account, challenge.token!));
  await acme.answer(endpoint, account, challenge.url);
  await sleep(pause);
  const ready: Order = await acme.order(endpoint, account, order.url);
  await acme.finalize(endpoint, account, ready, CSR);
  await sleep(pause);
  const valid = await acme.order(endpoint, account, order.url);
  const chain = await acme.download(endpoint, account, valid.certificate!);
  const other = await acme.download(endpoint, account, valid.certificate!, 'No Such Root');
  return { meta: await acme.meta(endpoint), account, order, authorization, ready, valid, chain, other };
}

async function wrongAnswer(stage: Stage) {
  const { acme, endpoint, pause } = stage;
  const { account, order, authorization } = await placed(stage, 'wrong.example.test');
  const challenge = challengeOf(authorization, 'http-01');
  stage.show(challenge.token!, 'not the key authorization');
  await acme.answer(endpoint, account, challenge.url);
  await sleep(pause);
  const failed: Authorization = await acme.authorization(endpoint, account, authorization.url);
  return { failed, order: await acme.order(endpoint, account, order.url) };
}

async function refusals(stage: Stage) {
  const { acme, endpoint, signer } = stage;
  const account = { signer, url: (await acme.register(endpoint, signer, agreed)).url };
  const place = (request: object) =>
    refused(acme.newOrder(endpoint, account, { identifiers: names('a.example.test'), profile: 'default', ...request }));
  const order = await acme.newOrder(endpoint, account, {
    identifiers: names('early.example.test'),
    profile: 'default',
  });
  return {
    blocked: await place({ identifiers: names('blocked.example.test') }),
    profile: await place({ profile: 'nosuch' }),
    notAName: await place({ identifiers: names('under_score.example.test') }),
    early: await refused(acme.finalize(endpoint, account, order, CSR)),
    unknownOrder: await refused(acme.order(endpoint, account, order.url.replace(/[^/]+$/, 'nothing'))),
  };
}

async function badNonces(stage: Stage) {
  const { order } = await placed(stage, 'nonce.example.test');
  return { order };
}

/** Every recorded scenario; the key names the fixture. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  issuance: { pebble: { alternateRoots: 1 }, run: issuance },
  wrongAnswer: { pebble: {}, run: wrongAnswer },
  refusals: { pebble: { blocked: ['blocked.example.test'] }, run: refusals },
  badNonces: { pebble: { nonceReject: 50 }, run: badNonces },
};
