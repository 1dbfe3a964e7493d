import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type PublicEvent, busEvents as schemas } from '../../lib/application/schema/busEvent.ts';
import type { Services } from '../../lib/application/services.ts';
import { compose } from '../../server/compose.ts';
import { openDataFolder } from '../../server/dataFolder.ts';
import { startEngine } from '../../server/engine.ts';
import { notify } from '../../server/notify.ts';
import { putIssuer, putTeam, requestCertificate, settled, specOf } from '../support/core.ts';
import { type EventReceiver, startEventReceiver } from '../support/eventReceiver.ts';
import { tempDir } from '../support/temp.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function receiver(): Promise<EventReceiver> {
  const made = await startEventReceiver();
  undo.push(() => made.close());
  return made;
}

/** The service without its listeners, with receivers. `decorate` moves its clock. */
async function start(folder: string, urls: readonly string[], more: { tokenFile?: string; now?: () => string } = {}) {
  const errors: string[] = [];
  const log = { info() {}, warn() {}, error: (message: string) => void errors.push(message) };
  const { tokenFile, now } = more;
  const data = openDataFolder(folder);
  const decorate = (services: Services): Services => (now ? { ...services, clock: { now } } : services);
  const composed = await compose({
    folder: data,
    version: '0',
    allow: ['127.0.0.1'],
    directoryRoots: [],
    log,
    decorate,
  });
  notify(composed, { urls, ...(tokenFile && { tokenFile }) });
  const engine = await startEngine(composed);
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await engine.stop();
    await composed.close();
    data.release();
  };
  undo.push(stop);
  return { ...composed, errors, stop };
}

const self = { name: 'self', kind: 'Issuer' } as const;
async function issue(services: Services, name: string): Promise<void> {
  await putTeam(services, 'web');
  await putIssuer(services, 'web', 'self', { selfSigned: {} });
  await requestCertificate(services, 'web', name, specOf({ dnsNames: [`${name}.internal`], issuerRef: self }));
  await settled(services, 'web', name);
}

describe('A receiver of public events', () => {
  it('is told what happens to a certificate, in order and with the token', async () => {
    const { url, calls, types } = await receiver();
    const folder = tempDir('notify');
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'words-of-the-file\n');
    const { services } = await start(join(folder, 'data'), [url], { tokenFile });
    await issue(services, 'site');
    await expect.poll(types).toEqual(['certificate.requested', 'certificate.issued']);
    for (const { body, authorization } of calls) {
      const event = body.data as PublicEvent;
      expect(schemas[event.type].parse(event)).toMatchObject({ team: 'web', name: 'site' });
      expect(authorization).toBe('Bearer words-of-the-file');
    }
  });

  it('that is away holds up neither certificates nor other receivers, and is told when it is back, also after a restart', async () => {
    const [away, there] = [await receiver(), await receiver()];
    away.answer(500);
    const folder = tempDir('notify');
    const first = await start(folder, [away.url, there.url]);
    await issue(first.services, 'site');
    await expect.poll(there.types).toEqual(['certificate.requested', 'certificate.issued']);
    await expect.poll(() => away.calls.length).toBeGreaterThan(1);
    expect(away.types()).toEqual([]);
    await first.stop();
    away.answer(202);
    await start(folder, [away.url, there.url]);
    await expect.poll(away.types).toEqual(['certificate.requested', 'certificate.issued']);
    expect(there.types().length).toBeGreaterThanOrEqual(2);
    expect(new Set(there.calls.map(({ body }) => body.id)).size).toBe(2);
  });

  it('that refuses an event is not asked again, and the log says so', async () => {
    const { url, calls, answer } = await receiver();
    answer(422);
    const { services, errors, feed } = await start(tempDir('notify'), [url]);
    await issue(services, 'site');
    await feed.drained();
    expect(calls.length).toBe(2);
    expect(errors).toEqual(['notify: an event was refused', 'notify: an event was refused']);
  });

  it('is not told what is longer past than a day', async () => {
    const folder = tempDir('notify');
    const first = await start(folder, []);
    await issue(first.services, 'old');
    await first.stop();
    const { url, types } = await receiver();
    const later = await start(folder, [url], { now: () => new Date(Date.now() + 25 * 3_600_000).toISOString() });
    await later.feed.drained();
    expect(types()).toEqual([]);
  });
});
