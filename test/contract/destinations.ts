import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Destination } from '../../lib/domain/destination.ts';
import type { Destinations, PushContext, PushResult, SecretContents } from '../../lib/ports/destinations.ts';
import { contentsMaker, type KeyedContents, withoutKey } from '../support/certificates.ts';
import { watched } from '../support/watchedDestinations.ts';

/** Texts at a destination; empty ones count as absent. */
export type Shown = { readonly certificate?: string; readonly key?: string; readonly ca?: string };

/** An adapter with somebody else who has access to the same places. */
export interface DestinationBench {
  readonly destinations: Destinations;
  /** A destination where nothing is. */
  place(): Destination;
  shown(at: Destination): Promise<Shown | undefined>;
  /** Somebody else makes one of the same name, without our mark. */
  occupy(at: Destination, contents: SecretContents): Promise<void>;
  /** Somebody changes certificate or key of what is ours, and leaves the mark. */
  tamper(at: Destination, change: { readonly certificate?: string; readonly key?: string }): Promise<void>;
  /** Ends what keeps a withdrawn place from being used again, where something does. */
  free?(at: Destination): Promise<void>;
  /** Somebody removes it altogether. */
  remove(at: Destination): Promise<void>;
  close(): Promise<void>;
}

const context: PushContext = { instance: 'here', certificate: 'team/app' };

/** The push's answer, which must be a confirmation. */
export function confirmedBy(result: PushResult): Extract<PushResult, { outcome: 'confirmed' }> {
  expect(result).toMatchObject({ outcome: 'confirmed' });
  return result as Extract<PushResult, { outcome: 'confirmed' }>;
}

/** What every adapter of the port Destinations must do. */
export function destinationsContract(name: string, start: () => Promise<DestinationBench>): void {
  describe(`${name} as Destinations`, () => {
    let bench: DestinationBench;
    let destinations: Destinations;
    let first: KeyedContents;
    let second: KeyedContents;
    const { watch, answers } = watched();

    beforeAll(async () => {
      bench = await start();
      destinations = watch(bench.destinations);
      const maker = await contentsMaker();
      first = await maker.make();
      second = await maker.make();
    });
    afterAll(() => bench?.close());

    const push = (at: Destination, contents: SecretContents, known?: PushContext['known']) =>
      destinations.push(at, contents, known ? { ...context, known } : context);
    const texts = ({ certificate, key, ca }: SecretContents) => ({ certificate, key, ca });

    it('makes what is not there, and confirms what stands there then', async () => {
      const at = bench.place();
      const confirmed = confirmedBy(await push(at, first));
      expect(confirmed.fingerprint).toBe(first.fingerprint);
      expect(await bench.shown(at)).toEqual(texts(first));
      expect(await destinations.observe(at, context)).toEqual({
        objectUid: confirmed.objectUid,
        resourceVersion: confirmed.resourceVersion,
        fingerprint: first.fingerprint,
        ours: true,
      });
    });

    it('changes nothing when the same contents are pushed again, with and without knowledge of the last push', async () => {
      const at = bench.place();
      const made = confirmedBy(await push(at, first));
      expect(await push(at, first, made)).toEqual(made);
      expect(await push(at, first)).toEqual(made);
    });

    it('replaces certificate, key and CA, and keeps the identity', async () => {
      const at = bench.place();
      const made = confirmedBy(await push(at, first));
      const changed = confirmedBy(await push(at, second, made));
      expect(changed).toMatchObject({ objectUid: made.objectUid, fingerprint: second.fingerprint });
      expect(changed.resourceVersion).not.toBe(made.resourceVersion);
      expect(await bench.shown(at)).toEqual(texts(second));
    });

    it('takes the CA away when the issuer no longer knows it', async () => {
      const at = bench.place();
      const { ca: _, ...unknownCa } = second;
      const made = confirmedBy(await push(at, first));
      confirmedBy(await push(at, unknownCa, made));
      expect(await bench.shown(at)).toEqual({ certificate: second.certificate, key: second.key });
    });

    it('replaces what is ours though its knowledge is old', async () => {
      const at = bench.place();
      const old = confirmedBy(await push(at, first));
      confirmedBy(await push(at, second, old));
      const again = confirmedBy(await push(at, first, old));
      expect(again.fingerprint).toBe(first.fingerprint);
      expect(await bench.shown(at)).toEqual(texts(first));
    });

    it('puts right what somebody changed', async () => {
      const at = bench.place();
      const made = confirmedBy(await push(at, first));
      await bench.tamper(at, second);
      expect(await destinations.observe(at, context)).toMatchObject({ fingerprint: second.fingerprint, ours: true });
      confirmedBy(await push(at, first, made));
      expect(await bench.shown(at)).toEqual(texts(first));
    });

    it('tells what differs from what is expected, which is nothing of what it confirmed', async () => {
      const at = bench.place();
      const made = confirmedBy(await push(at, first));
      const look = async (expected = first) => (await destinations.observe(at, context, expected))?.differing;
      expect(await look()).toEqual([]);
      await bench.tamper(at, { key: second.key });
      expect(await look()).toContain('tls.key');
      expect(await look()).not.toContain('tls.crt');
      await bench.tamper(at, second);
      expect(await look()).toContain('tls.crt');
      confirmedBy(await push(at, first, made));
      expect(await look()).toEqual([]);
      const { ca: _, ...withoutCa } = first;
      expect(await look(withoutCa)).toEqual([]);
      expect(await look({ ...first, ca: second.certificate })).toEqual(['ca.crt']);
    });

    it('tells of a chain without a key nothing of the key that stands beside it', async () => {
      const at = bench.place();
      confirmedBy(await push(at, withoutKey(first)));
      const look = async () => (await destinations.observe(at, context, withoutKey(first)))?.differing;
      expect(await look()).toEqual([]);
      await bench.tamper(at, { certificate: second.certificate });
      expect(await look()).toEqual(['tls.crt']);
    });

    it('makes it anew when somebody removed it', async () => {
      const at = bench.place();
      const made = confirmedBy(await push(at, first));
      await bench.remove(at);
      const anew = confirmedBy(await push(at, first, made));
      expect(anew.objectUid).not.toBe(made.objectUid);
      expect(await bench.shown(at)).toEqual(texts(first));
    });

    it('never overwrites what another made', async () => {
      const at = bench.place();
      await bench.occupy(at, second);
      expect(await destinations.observe(at, context)).toMatchObject({ fingerprint: second.fingerprint, ours: false });
      expect(await push(at, first)).toMatchObject({ outcome: 'refused', reason: 'NotOwned' });
      expect(await bench.shown(at)).toEqual(texts(second));
    });

    it('never overwrites what another made in place of ours', async () => {
      const at = bench.place();
      const made = confirmedBy(await push(at, first));
      await bench.remove(at);
      await bench.occupy(at, second);
      expect(await push(at, first, made)).toMatchObject({ outcome: 'refused', reason: 'NotOwned' });
      expect(await bench.shown(at)).toEqual(texts(second));
    });

    it('never overwrites what another installation delivered, and names it', async () => {
      const at = bench.place();
      confirmedBy(await destinations.push(at, second, { ...context, instance: 'elsewhere' }));
      const refused = await push(at, first);
      expect(refused).toMatchObject({ outcome: 'refused', reason: 'NotOwned' });
      expect(refused).toHaveProperty('message', expect.stringContaining('elsewhere'));
      expect(await bench.shown(at)).toEqual(texts(second));
    });

    it('delivers the chain alone when there is no key', async () => {
      const at = bench.place();
      const made = confirmedBy(await push(at, withoutKey(first)));
      expect(await push(at, withoutKey(first), made)).toEqual(made);
      expect(await bench.shown(at)).toEqual({ certificate: first.certificate, ca: first.ca });
    });

    it('takes away a key that it delivered when there is none any more', async () => {
      const at = bench.place();
      const made = confirmedBy(await push(at, first));
      confirmedBy(await push(at, withoutKey(second), made));
      expect(await bench.shown(at)).toEqual({ certificate: second.certificate, ca: second.ca });
    });

    it('leaves alone the key that the requester put beside the chain', async () => {
      const at = bench.place();
      confirmedBy(await push(at, withoutKey(first)));
      await bench.tamper(at, { key: first.key });
      const renewed = confirmedBy(await push(at, withoutKey(second)));
      confirmedBy(await push(at, withoutKey(first), renewed));
      expect(await bench.shown(at)).toEqual(texts(first));
    });

    it('observes nothing where nothing is', async () => {
      expect(await destinations.observe(bench.place(), context)).toBeUndefined();
    });

    it('withdraws what is ours, and finds nothing wrong with doing so twice', async () => {
      const at = bench.place();
      confirmedBy(await push(at, first));
      expect(await destinations.withdraw(at, context)).toEqual({ outcome: 'withdrawn' });
      expect(await bench.shown(at)).toBeUndefined();
      expect(await destinations.withdraw(at, context)).toEqual({ outcome: 'withdrawn' });
      await bench.free?.(at);
      confirmedBy(await push(at, second));
    });

    it('leaves what is not ours, or another certificate of ours, when it withdraws', async () => {
      const [foreign, moved] = [bench.place(), bench.place()];
      await bench.occupy(foreign, second);
      confirmedBy(await destinations.push(moved, second, { ...context, certificate: 'team/successor' }));
      for (const at of [foreign, moved]) {
        expect(await destinations.withdraw(at, context)).toEqual({ outcome: 'withdrawn' });
        expect(await bench.shown(at)).toEqual(texts(second));
      }
    });

    it('ends with the one whole set of the last of many pushes at once', async () => {
      const at = bench.place();
      const results = await Promise.all([first, second, first, second].map((contents) => push(at, contents)));
      for (const result of results)
        if (result.outcome !== 'confirmed') expect(result).toMatchObject({ outcome: 'failed', class: 'now' });
      const shown = await bench.shown(at);
      expect([texts(first), texts(second)]).toContainEqual(shown);
    });

    it('says nothing of any key in all of these answers', () => {
      expect(answers.length).toBeGreaterThan(30);
      const lines = [first, second].flatMap((contents) => contents.key.split('\n').filter((line) => line.length > 40));
      const said = answers.join('\n');
      for (const line of lines) {
        expect(said).not.toContain(line);
        expect(said).not.toContain(Buffer.from(line).toString('base64').slice(4, 40));
      }
      expect(said).not.toContain('PRIVATE');
    });
  });
}
