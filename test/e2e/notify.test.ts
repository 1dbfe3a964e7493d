import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { busEvents, type PublicEvent } from '../../lib/application/schema/busEvent.ts';
import { cli, startServe } from '../support/cli.ts';
import { startEventReceiver } from '../support/eventReceiver.ts';
import { tempDir } from '../support/temp.ts';

it('chancery serve --notify tells webhooks what happens to a certificate, whole and with the token', async () => {
  const folder = tempDir('notify');
  const token = randomBytes(24).toString('base64url');
  const tokenFile = join(folder, 'notify.token');
  writeFileSync(tokenFile, `${token}\n`);
  const receivers = [await startEventReceiver(), await startEventReceiver()];
  const flags = ['--notify-token-file', tokenFile, '--allow', '127.0.0.1', '--directory-root', folder];
  const data = join(folder, 'data');
  const service = await startServe(data, [...receivers.flatMap(({ url }) => ['--notify', url]), ...flags]);
  const run = async (...words: string[]) => {
    const { code, all } = await cli([...words, '--data', data]);
    expect(code, all).toBe(0);
  };
  await run('team', 'put', 'demo', '--destinations', 'directory:/**');
  const place = `directory:${join(folder, 'web')}`;
  const names = ['--dns', 'web.demo.test', '--issuer', 'chancery-ca', '--destination', place];
  await run('request', 'web', '--team', 'demo', ...names, '--wait');
  await run('renew', 'web', '--team', 'demo', '--wait');
  for (const { calls } of receivers) {
    const told = () =>
      calls.map(({ body }) => body.data as PublicEvent).filter(({ team, name }) => `${team}/${name}` === 'demo/web');
    const wanted = {
      1: ['certificate.requested', 'certificate.issued', 'certificate.delivered'],
      2: ['certificate.requested', 'certificate.renewed', 'certificate.delivered'],
    };
    const byRevision = () =>
      Object.fromEntries(
        [1, 2].map((revision) => [
          revision,
          told()
            .filter((event) => event.revision === revision)
            .map(({ type }) => type),
        ]),
      );
    await expect.poll(byRevision, { timeout: 20_000 }).toEqual(wanted);
    for (const event of told()) expect(busEvents[event.type].parse(event)).toEqual(event);
    expect(new Set(calls.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]));
  }
  service.child.kill('SIGTERM');
  const { code, all } = await service.ended;
  expect(code).toBe(0);
  expect(all).not.toContain(token);
  await Promise.all(receivers.map(({ close }) => close()));
});
