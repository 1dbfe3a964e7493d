import { KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { kmsKeyMaker } from '../../lib/adapters/kms/keyMaker.ts';
import { kmsSigners } from '../../lib/adapters/kms/keySigner.ts';
import { x509WithKms } from '../../lib/adapters/kms/x509.ts';
import { changeAccountKey, readIssuer } from '../../lib/application/issuers.ts';
import type { Services } from '../../lib/application/services.ts';
import { accountDecider, accountStream } from '../../lib/domain/account.ts';
import { AcmeError } from '../../lib/ports/acmeServer.ts';
import type { KeyMaker } from '../../lib/ports/keyMaker.ts';
import { type AcmeSetup, startAcmeSetup, TEAM } from '../support/acmeSetup.ts';
import { clientOf } from '../support/aws.ts';
import { eventually, putIssuer, settled } from '../support/core.ts';
import { acmeIssuer, eventsOf, movableClock } from '../support/issuing.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { type Ministack, startMinistack } from '../support/peers/ministack.ts';

const STREAM = accountStream(`${TEAM}/pebble`);

describeWith(['pebble', 'bind', 'ministack'], 'the key of an account', () => {
  let aws: Ministack;
  let kms: KMSClient;
  let setup: AcmeSetup;
  const clock = movableClock();
  /** Where new keys of accounts are made; here when absent. */
  let maker: KeyMaker | undefined;
  /** Whether the process dies before the CA is asked, or after it agreed: it writes nothing any more. */
  let dies: 'before' | 'after' | undefined;
  let dead = false;
  let asked = 0;
  /** Whether the CA cannot be reached for it. */
  let refused = false;

  const decorate = (plain: Services): Services => {
    const store = Object.create(plain.store) as Services['store'];
    store.append = async (...args) => {
      if (dead) throw new Error('the process is dead');
      return plain.store.append(...args);
    };
    const services = clock.decorate({ ...plain, store, x509: x509WithKms(plain.x509, kmsSigners(kms)) });
    const acme = Object.create(plain.acme) as Services['acme'];
    acme.changeKey = async (...args) => {
      dead = dies === 'before';
      if (dead) throw new Error('the process is dead');
      asked++;
      if (refused)
        throw new AcmeError('keyChange', { class: 'backoff', problem: { type: 'caUnreachable', detail: 'away' } });
      await plain.acme.changeKey(...args);
      dead = dies === 'after';
    };
    const accountKeys: KeyMaker = {
      make: (ref, owner, kind) => maker?.make(ref, owner, kind) ?? plain.x509.generateKey(kind),
      retire: async () => {},
    };
    return { ...services, acme, accountKeys };
  };

  beforeAll(async () => {
    aws = await startMinistack();
    kms = new KMSClient(clientOf(aws));
    setup = await startAcmeSetup('account-key', { core: { decorate } });
    await putIssuer(setup.core.services, TEAM, 'pebble', acmeIssuer(setup.pebble));
    await putIssuer(setup.core.services, TEAM, 'self', { selfSigned: {} });
  });
  beforeEach(() => {
    dies = undefined;
    dead = false;
    asked = 0;
  });
  afterAll(async () => {
    kms?.destroy();
    await setup?.stop();
    await aws?.stop();
  });

  const rekey = (name = 'pebble') => changeAccountKey(setup.core.services, TEAM, name, { actor: 'test' });
  const account = async () => (await setup.core.services.ledger.load(accountDecider, STREAM)).state;
  const changed = (before: string) =>
    eventually('the key is changed', async () => {
      const { key, keyChange, registered } = await account();
      return key!.thumbprint !== before && !keyChange && { key: key!, url: registered!.url };
    });
  const holds = async () => {
    const { key } = await account();
    return Buffer.from((await setup.core.services.vault.open(key!.ref, TEAM))!).toString('utf8');
  };
  const issued = async (name: string) => {
    await setup.request(name, 'pebble');
    return settled(setup.core.services, TEAM, name);
  };

  it('moves into KMS and back with the configuration, and the account stays the same', async () => {
    await issued('before');
    const first = await account();
    expect(await holds()).toContain('PRIVATE KEY');
    maker = kmsKeyMaker(kms, { instance: 'test', keyClass: 'account' });
    const { view } = await rekey();
    expect(view.status.account).toMatchObject({
      keyThumbprint: first.key!.thumbprint,
      keyChange: { status: 'pending' },
    });
    const second = await changed(first.key!.thumbprint);
    expect(second.url).toBe(first.registered!.url);
    expect(await holds()).toMatch(/^arn:aws:kms:/);
    await issued('in-kms');

    maker = undefined;
    await rekey();
    const third = await changed(second.key.thumbprint);
    expect([third.url, await holds()]).toEqual([second.url, expect.stringContaining('PRIVATE KEY')]);
    await issued('after');
    const shown = (await readIssuer(setup.core.services, TEAM, 'pebble')).view.status.account;
    expect(shown).toEqual({ url: third.url, keyThumbprint: third.key.thumbprint });
  });

  it.each([
    ['before', 'scan', 1],
    ['after', 'next order', 0],
  ] as const)(
    'a process that dies %s the CA agreed loses neither key: the %s finds out which one it has',
    async (when, _, more) => {
      const before = (await account()).key!;
      dies = when;
      await rekey();
      await eventually('the process dies', async () => dead);
      expect((await account()).key).toEqual(before);
      await setup.restart(() => {
        dies = undefined;
        dead = false;
        asked = 0;
      });
      if (when === 'before') await setup.core.engine.scan();
      else await issued('next');
      const { key } = await changed(before.thumbprint);
      expect([key.ref, asked]).toEqual([expect.stringMatching(/^account\/shop\/pebble\/\d+$/), more]);
      await issued(`died-${when}`);
    },
  );

  it('is the former one while the CA does not take another, which is told with the cause and tried again', async () => {
    const before = (await account()).key!;
    refused = true;
    await rekey();
    const shown = () => readIssuer(setup.core.services, TEAM, 'pebble').then(({ view }) => view.status.account!);
    const { keyChange } = await eventually('it fails', async () => {
      const now = await shown();
      return now.keyChange?.cause && now;
    });
    expect(keyChange).toMatchObject({
      status: 'pending',
      retryAt: expect.any(String),
      cause: { code: 'caUnreachable', detail: 'away' },
    });
    await issued('meanwhile');
    expect((await account()).key).toEqual(before);
    refused = false;
    await rekey();
    await changed(before.thumbprint);
    await issued('taken');
  });

  it('is none of an issuer that has no account', async () => {
    await expect(rekey('self')).rejects.toMatchObject({ code: 'IssuerNotAcme' });
    await expect(rekey('none')).rejects.toMatchObject({ code: 'IssuerNotFound' });
    expect((await eventsOf(setup.core.services, STREAM)).map(({ type }) => type).at(-1)).toBe('AccountKeyChanged');
  });
});
