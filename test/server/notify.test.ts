import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { type PublicEvent, busEvents as schemas } from '../../lib/application/schema/busEvent.ts';
import type { Services } from '../../lib/application/services.ts';
import { compose } from '../../server/compose.ts';
import { openDataFolder } from '../../server/dataFolder.ts';
import { startEngine } from '../../server/engine.ts';
import { notify } from '../../server/notify.ts';
import { putIssuer, putTeam, requestCertificate, settled, specOf } from '../support/core.ts';
import { tempDir } from '../support/temp.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A receiver that answers with `status` while it is set. */
async function receiver() {
  const taken: { readonly event: PublicEvent; readonly authorization: string | undefined }[] = [];
  const answers: { status: number; asked: number } = { status: 202, asked: 0 };
  const server = createServer(async (request, response) => {
    const { data } = JSON.parse(await text(request));
    const { status } = answers;
    answers.asked++;
    if (status < 300) taken.push({ event: data, authorization: request.headers.authorization });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const types = () => taken.map(({ event }) => event.type);
  return { url, taken, types, answers };
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
    const { url, taken, types } = await receiver();
    const folder = tempDir('notify');
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'words-of-the-file\n');
    const { services } = await start(join(folder, 'data'), [url], { tokenFile });
    await issue(services, 'site');
    await expect.poll(types).toEqual(['certificate.requested', 'certificate.issued']);
    for (const { event, authorization } of taken) {
      expect(schemas[event.type].parse(event)).toMatchObject({ team: 'web', name: 'site' });
      expect(authorization).toBe('Bearer words-of-the-file');
    }
  });

  it('that is away holds up neither certificates nor other receivers, and is told when it is back, also after a restart', async () => {
    const [away, there] = [await receiver(), await receiver()];
    away.answers.status = 500;
    const folder = tempDir('notify');
    const first = await start(folder, [away.url, there.url]);
    await issue(first.services, 'site');
    await expect.poll(there.types).toEqual(['certificate.requested', 'certificate.issued']);
    await expect.poll(() => away.answers.asked).toBeGreaterThan(1);
    expect(away.types()).toEqual([]);
    await first.stop();
    away.answers.status = 202;
    await start(folder, [away.url, there.url]);
    await expect.poll(away.types).toEqual(['certificate.requested', 'certificate.issued']);
    expect(there.types().length).toBeGreaterThanOrEqual(2);
    expect(new Set(there.taken.map(({ event }) => event.id)).size).toBe(2);
  });

  it('that refuses an event is not asked again, and the log says so', async () => {
    const { url, answers } = await receiver();
    answers.status = 422;
    const { services, errors, feed } = await start(tempDir('notify'), [url]);
    await issue(services, 'site');
    await feed.drained();
    expect(answers.asked).toBe(2);
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
