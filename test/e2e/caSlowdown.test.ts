import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeCertificate } from '../../lib/application/certificateView.ts';
import { revokeCertificate } from '../../lib/application/revocations.ts';
import { issuerDecider, issuerStream } from '../../lib/domain/issuer.ts';
import { type ChallengeListener, challengeListener } from '../../server/challengeListener.ts';
import {
  type Core,
  eventually,
  loadCertificate,
  putIssuer,
  putTeam,
  requestCertificate,
  settled,
  specOf,
  startCore,
} from '../support/core.ts';
import { type FaultyCa, startFaultyCa } from '../support/faultyCa.ts';
import {
  acmeIssuer,
  eventsOf,
  failedIssuance,
  issuanceOf,
  issuedChain,
  movableClock,
  newestIssuance,
  opensslVerify,
} from '../support/issuing.ts';
import { startBind } from '../support/peers/bind.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import type { NameServer } from '../support/peers/dns.ts';
import { type Pebble, startPebble } from '../support/peers/pebble.ts';
import { tempDir } from '../support/temp.ts';

const TEAM = 'shop';
/** Seconds that the CA asks for. */
const ASKED = 3;
/** Milliseconds that a date in whole seconds may take off. */
const ROUNDED = 1000;

/** One case a request of RFC 8555 7.1: what a run of ours asks a CA for, from the first to the last. */
const REQUESTS = [
  ['the directory', /^GET \/dir/],
  ['a nonce', /^HEAD \/nonce-plz/],
  ['a new account', /^POST \/sign-me-up/],
  ['a new order', /^POST \/order-plz/],
  ['an authorization', /^POST \/authZ/],
  ['a challenge', /^POST \/chalZ/],
  ['the order', /^POST \/my-order/],
  ['the finalization', /^POST \/finalize-order/],
  ['the certificate', /^POST \/certZ/],
] as const;

const rateLimited = () => ({
  status: 429,
  headers: { 'retry-after': String(ASKED), 'content-type': 'application/problem+json' },
  body: JSON.stringify({ type: 'urn:ietf:params:acme:error:rateLimited', detail: 'slow down, please' }),
});
const overloaded = () => ({
  status: 503,
  headers: { 'retry-after': new Date(Date.now() + ASKED * 1000).toUTCString(), 'content-type': 'text/html' },
  body: '<h1>busy</h1>',
});

describeWith(['pebble', 'bind', 'openssl'], 'a CA that asks to slow down', () => {
  let bind: NameServer;
  let pebble: Pebble;
  let listener: ChallengeListener;
  const cores = new Set<Core>();

  beforeAll(async () => {
    bind = await startBind();
    pebble = await startPebble({ dnsServer: bind.address });
    // Every case has a service of its own, and the CA comes to one port.
    const find = async (token: string) => {
      const found = await Promise.all([...cores].map((core) => core.services.challengeTokens.find(token)));
      return found.find((value) => value !== undefined);
    };
    const never = () => Promise.reject(new Error('only read here'));
    listener = await challengeListener(
      { find, put: never, remove: never },
      { host: '127.0.0.1', port: pebble.httpPort },
    );
  });
  afterAll(async () => {
    await listener?.close();
    await pebble?.stop();
    await bind?.stop();
  });

  /** A service that knows its issuer and account, but has nothing of the CA in memory. */
  async function fresh(front: FaultyCa): Promise<Core> {
    const folder = tempDir('slowdown');
    const before = await startCore(folder);
    await putTeam(before.services, TEAM);
    await putIssuer(before.services, TEAM, 'ca', acmeIssuer(front));
    await eventually('the issuer is ready', async () => {
      const { state } = await before.services.ledger.load(issuerDecider, issuerStream(TEAM, 'ca'));
      return state.ready === 'ready';
    });
    await before.stop();
    return startCore(folder);
  }

  describe.each([
    ['429 and seconds', rateLimited, 'rateLimited'],
    ['503 and a date', overloaded, 'serverInternal'],
  ] as const)('with %s', (_, answer, type) => {
    it.concurrent.each(REQUESTS)('at %s: loses nothing and does not come back early', async (kind, on) => {
      const front = await startFaultyCa(pebble);
      const core = await fresh(front);
      cores.add(core);
      try {
        const { services } = core;
        // The answer is made now and given later, so that the CA asks for at least this.
        const notBefore = Date.now() + ASKED * 1000 - ROUNDED;
        if (kind === 'a new account') {
          // A changed address registers anew: once for the issuer's check, and once for the certificate.
          front.inject(on, { answer: answer() }, 2);
          await putIssuer(services, TEAM, 'ca', acmeIssuer(front, { email: 'ops@example.test' }));
        } else {
          front.inject(on, { answer: answer() });
        }
        const name = `${type}-${kind.replaceAll(' ', '-')}`.toLowerCase();
        const dnsNames = [`${name}.example.test`];
        await requestCertificate(services, TEAM, name, specOf({ dnsNames, issuerRef: { name: 'ca', kind: 'Issuer' } }));
        await settled(services, TEAM, name);

        const stream = await newestIssuance(services, TEAM, name);
        const commits = await services.store.commits(stream);
        const at = (wanted: string, nth = 0) =>
          commits.filter((commit) => commit.events.some((event) => event.type === wanted))[nth]!;
        const events = await eventsOf(services, stream);
        const failures = events.filter((event) => event.type === 'IssuanceFailed') as unknown as {
          class: string;
          problem: { type: string };
          retryAt: string;
        }[];
        expect(failures).toHaveLength(1);
        expect(failures[0]).toMatchObject({ class: 'atTime', problem: { type } });
        const { retryAt } = failures[0]!;
        expect(Date.parse(retryAt)).toBeGreaterThanOrEqual(notBefore);
        expect(at('RunBegun', 1).at >= retryAt).toBe(true);
        expect(events.filter((event) => event.type === 'OrderPlaced')).toHaveLength(1);
        // What the CA said stands beside the ledger too, for whoever asks next.
        const corrected = events.filter((event) => event.type === 'LimitCorrected');
        expect(corrected).toEqual([{ type: 'LimitCorrected', key: expect.any(String), retryAt }]);
        expect(await opensslVerify(await issuedChain(services, TEAM, name), await pebble.roots())).toMatch(/: OK$/);
      } finally {
        cores.delete(core);
        await core.stop();
        await front.close();
      }
    });
  });

  describe.each([
    ['429 and seconds', rateLimited],
    ['503 and a date', overloaded],
  ] as const)('with %s', (_, answer) => {
    it.concurrent.each(REQUESTS.filter(([kind]) => kind !== 'a new account'))(
      'at %s: is asked nothing by another certificate of the account before its time',
      async (kind, on) => {
        const front = await startFaultyCa(pebble);
        const core = await fresh(front);
        cores.add(core);
        try {
          const { services } = core;
          front.inject(on, { answer: answer() });
          const one = `${kind.replaceAll(' ', '-')}-one`;
          const issuerRef = { name: 'ca', kind: 'Issuer' } as const;
          const spec = (name: string) => specOf({ dnsNames: [`${name}.example.test`], issuerRef, secretName: name });
          await requestCertificate(services, TEAM, one, spec(one));
          const { failure } = await failedIssuance(services, TEAM, one);
          const { retryAt } = failure;
          const asked = front.seen.length;
          const two = `${kind.replaceAll(' ', '-')}-two`;
          await requestCertificate(services, TEAM, two, spec(two));
          const waiting = await eventually('the other waits, or its time has come', async () => {
            if (services.clock.now() >= retryAt) return 'late' as const;
            const state = await issuanceOf(services, await newestIssuance(services, TEAM, two));
            return state.deferral;
          });
          // On a machine that is that slow the time may be over before the other has asked.
          if (waiting !== 'late') {
            expect(waiting).toMatchObject({ reason: 'RateLimited', until: retryAt });
            expect(front.seen.slice(asked)).toEqual([]);
          }
          await settled(services, TEAM, one);
          await settled(services, TEAM, two);
          const stream = await newestIssuance(services, TEAM, two);
          expect((await eventsOf(services, stream)).map(({ type }) => type)).not.toContain('IssuanceFailed');
        } finally {
          cores.delete(core);
          await core.stop();
          await front.close();
        }
      },
    );
  });

  /** Seconds that the CA asks for what can wait, longer than a retry of ours would. */
  const LONG = 3600;
  const long = {
    '429 and seconds': () => ({ ...rateLimited(), headers: { ...rateLimited().headers, 'retry-after': String(LONG) } }),
    '503 and a date': () => {
      const date = new Date(Date.now() + LONG * 1000).toUTCString();
      return { ...overloaded(), headers: { 'retry-after': date, 'content-type': 'text/html' } };
    },
  } as const;

  /** A service with a certificate, and a clock that the test moves. */
  async function issuedBy(front: FaultyCa, name: string, meanwhile = () => {}) {
    const folder = tempDir('slowdown');
    const clock = movableClock();
    const core = await startCore(folder, { decorate: clock.decorate });
    cores.add(core);
    await putTeam(core.services, TEAM);
    await putIssuer(core.services, TEAM, 'ca', acmeIssuer(front));
    meanwhile();
    const issuerRef = { name: 'ca', kind: 'Issuer' } as const;
    await requestCertificate(core.services, TEAM, name, specOf({ dnsNames: [`${name}.example.test`], issuerRef }));
    await settled(core.services, TEAM, name);
    const stop = async () => {
      cores.delete(core);
      await core.stop();
      await front.close();
    };
    /** Moves the clock, and lets the scan see what is due then. */
    const pass = async (seconds: number) => {
      clock.ahead(seconds);
      await core.engine.scan();
    };
    return { core, pass, stop };
  }

  const askedFor = (front: FaultyCa, on: RegExp) =>
    front.seen.filter(({ method, path }) => on.test(`${method} ${path}`));

  describe.each(Object.entries(long))('with %s', (words, answer) => {
    const tag = words.slice(0, 3);

    it.concurrent('at the renewal information: asks again when the time is over, and not before', async () => {
      const front = await startFaultyCa(pebble);
      const on = /^GET \/draft-ietf-acme-ari[^/]*\//;
      const name = `renewal-information-${tag}`;
      const { core, pass, stop } = await issuedBy(front, name, () => front.inject(on, { answer: answer() }));
      try {
        await eventually('the CA was asked', async () => askedFor(front, on).length === 1);
        await pass(LONG / 2);
        await pass(0);
        expect(askedFor(front, on)).toHaveLength(1);
        await pass(LONG / 2 + 60);
        await eventually(
          'the window is read',
          async () => (await loadCertificate(core.services, TEAM, name)).renewalInfo,
        );
        expect(askedFor(front, on)).toHaveLength(2);
      } finally {
        await stop();
      }
    });

    it.concurrent('at a revocation: loses none, and asks for no other before its time', async () => {
      const front = await startFaultyCa(pebble);
      const on = /^POST \/revoke-cert/;
      const name = `revocation-${tag}`;
      const { core, pass, stop } = await issuedBy(front, name);
      try {
        const other = `${name}-other`;
        const issuerRef = { name: 'ca', kind: 'Issuer' } as const;
        const spec = specOf({ dnsNames: [`${other}.example.test`], issuerRef, secretName: other });
        await requestCertificate(core.services, TEAM, other, spec);
        await settled(core.services, TEAM, other);
        front.inject(on, { answer: answer() });
        const notBefore = Date.now() + LONG * 1000 - ROUNDED;
        const revoke = async (one: string) => {
          const request = { team: TEAM, name: one, reason: 'superseded', replace: false } as const;
          await revokeCertificate(core.services, request, { actor: 'test' });
          return eventually('it waits', async () => {
            const { view } = await describeCertificate(core.services, TEAM, one);
            const found = view.status.revocations?.[0];
            return found?.status === 'failed' && found;
          });
        };
        for (const one of [name, other])
          expect(Date.parse((await revoke(one)).retryAt!)).toBeGreaterThanOrEqual(notBefore);
        await pass(LONG / 2);
        await pass(0);
        expect(askedFor(front, on)).toHaveLength(1);
        await pass(LONG / 2 + 600);
        for (const one of [name, other]) {
          await eventually(`${one} is revoked`, async () => {
            await pass(0);
            const { view } = await describeCertificate(core.services, TEAM, one);
            return view.status.revocations?.[0]?.status === 'revoked';
          });
          const { serial } = (await loadCertificate(core.services, TEAM, one)).issued!;
          expect(await pebble.certStatus(serial)).toMatchObject({ status: 'Revoked', reason: 4 });
        }
        expect(askedFor(front, on)).toHaveLength(3);
      } finally {
        await stop();
      }
    });
  });
});
