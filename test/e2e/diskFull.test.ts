import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, serve } from '../../server/serve.ts';
import { eventually } from '../support/core.ts';
import { movableClock } from '../support/issuing.ts';
import { tempDir } from '../support/temp.ts';

const MOST = 200;
const DATABASE = '/chancery.db';
const path = (name: string) => `/v1/teams/shop/certificates/${name}`;

/**
 * Every connection that is opened while this stands. SQLite itself then says that there is no room, as it does for a full disk: a limit of
 * pages is what needs neither a small file system nor anybody's permission.
 */
function watchConnections(): { readonly opened: Set<DatabaseSync>; end(): void } {
  const opened = new Set<DatabaseSync>();
  const { exec } = DatabaseSync.prototype;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    opened.add(this);
    return exec.call(this, sql);
  };
  return {
    opened,
    end: () => {
      DatabaseSync.prototype.exec = exec;
    },
  };
}

function insertUntilFull(connection: DatabaseSync, size: number): void {
  const insert = connection.prepare('INSERT INTO filler VALUES (zeroblob(?))');
  try {
    for (;;) insert.run(size);
  } catch (error) {
    if (!/full/.test((error as Error).message)) throw error;
  }
}

describe('a disk that is full', () => {
  let service: Service;
  let connections: ReturnType<typeof watchConnections>;
  const problems: string[] = [];
  const clock = movableClock();
  /** Called before the next certificate is signed. */
  let onSign: (() => void) | undefined;
  /** Steps that threw. */
  const thrown: string[] = [];

  beforeAll(async () => {
    connections = watchConnections();
    const log = { info: () => {}, warn: () => {}, error: (message: string) => void problems.push(message) };
    service = await serve({
      version: '0.0.0-test',
      data: join(tempDir('full'), 'data'),
      api: { host: '127.0.0.1', port: 0 },
      challenges: { host: '127.0.0.1', port: 0 },
      hosts: [],
      allow: [],
      directoryRoots: [],
      log,
      observer: { task: (state, outcome) => void (outcome === 'error' && thrown.push(state)) },
      decorate: (services) => {
        const sign: typeof services.x509.sign = (...given) => {
          onSign?.();
          onSign = undefined;
          return services.x509.sign(...given);
        };
        return clock.decorate({ ...services, x509: { ...services.x509, sign } });
      },
    });
    connections.end();
    await send('PUT', '/v1/teams/shop', {});
  });
  afterAll(() => service?.stop());

  const each = (work: (connection: DatabaseSync) => void): void => {
    const ours = [...connections.opened].filter((one) => one.isOpen && one.location()?.endsWith(DATABASE));
    expect(ours.length).toBeGreaterThan(0);
    for (const connection of ours) work(connection);
  };

  /** No further page, and no room in those that there are. */
  function fill(): void {
    each((connection) => {
      connection.exec('CREATE TABLE IF NOT EXISTS filler (octets BLOB)');
      const { page_count: pages } = connection.prepare('PRAGMA page_count').get() as { page_count: number };
      connection.exec(`PRAGMA max_page_count = ${pages}`);
      for (const size of [100_000, 3000, 300, 30]) insertUntilFull(connection, size);
    });
  }

  function free(): void {
    each((connection) => connection.exec('PRAGMA max_page_count = 1000000; DROP TABLE IF EXISTS filler'));
  }

  const spec = (name: string) => ({
    dnsNames: [`${name}.shop.test`],
    issuerRef: { name: 'chancery-ca', kind: 'ClusterIssuer' },
  });

  it('is told to the client, loses nothing, and work goes on by itself when there is room', async () => {
    await send('PUT', path('first'), { spec: spec('first') });
    await ready('first');

    fill();
    const taken = ['first'];
    let refused: Answer | undefined;
    for (let n = 0; n < MOST && !refused; n++) {
      const answer = await send('PUT', path(`n${n}`), { spec: spec(`n${n}`) });
      if (answer.status === 201) taken.push(`n${n}`);
      else refused = answer;
    }
    expect(refused).toMatchObject({
      status: 507,
      type: 'application/problem+json',
      body: { code: 'DataFolderFull', remedy: expect.stringMatching(/space/) },
    });
    // Where the service keeps its files is nobody's business.
    expect(JSON.stringify(refused!.body)).not.toMatch(/chancery-full|\/data/);

    expect((await send('GET', path('first'))).status).toBe(200);
    expect(await send('GET', '/readyz')).toMatchObject({ status: 503, body: { checks: { ledger: 'unwritable' } } });
    const missing = `n${taken.length - 1}`;
    expect((await send('GET', path(missing))).status).toBe(404);
    await eventually('what goes on by itself met the full disk too', async () => problems.length > 0);

    free();
    expect((await send('GET', '/readyz')).status).toBe(200);
    expect((await send('PUT', path(missing), { spec: spec(missing) })).status).toBe(201);
    taken.push(missing);
    // What a reaction could not begin is found by the due index, a minute later.
    clock.ahead(61);
    for (const name of taken) await ready(name);
    const list = await send('GET', '/v1/teams/shop/certificates?limit=500');
    expect(list.body.items).toHaveLength(taken.length);
  });

  it('in the middle of a step is tried again by the state machine, and counts against nobody', async () => {
    onSign = fill;
    // So many names that its chain fits in no page that is there.
    const dnsNames = Array.from({ length: 100 }, (_, n) => `${'x'.repeat(50)}${n}.shop.test`);
    await send('PUT', path('middle'), { spec: { ...spec('middle'), dnsNames } });
    await eventually('the step threw', async () => thrown.includes('Finalize') || thrown.includes('Store'));
    free();
    await ready('middle');
    const { body } = await send('GET', `${path('middle')}/events`);
    expect(body.events.map(({ type }: { type: string }) => type)).not.toContain('failed');
  });

  const ready = (name: string) =>
    eventually(`${name} is ready`, async () => {
      const { body } = await send('GET', path(name));
      return body.status?.conditions?.some(
        (c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True',
      );
    });

  interface Answer {
    readonly status: number;
    readonly type: string | undefined;
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    readonly body: any;
  }

  function send(method: string, where: string, json?: unknown): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const headers = {
      authorization: `Bearer ${readFileSync(service.tokenFile, 'utf8').trim()}`,
      ...(json !== undefined && { 'content-type': 'application/json' }),
    };
    const ca = readFileSync(service.caFile);
    const outgoing = request(`${service.url}${where}`, { method, headers, ca }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          type: answer.headers['content-type'],
          body: text === '' ? undefined : JSON.parse(text),
        }),
      );
    });
    outgoing.on('error', reject).end(json === undefined ? undefined : JSON.stringify(json));
    return promise;
  }
});
