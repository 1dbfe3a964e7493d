import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBind } from '../../support/peers/bind.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import type { NameServer, NameServerOptions } from '../../support/peers/dns.ts';
import { startKnot } from '../../support/peers/knot.ts';

const zones = ['example.test', { name: 'closed.test', allowUpdate: false, wildcard: false }];

function suite(start: (options: NameServerOptions) => Promise<NameServer>): void {
  let server: NameServer;
  beforeAll(async () => {
    server = await start({ zones });
  });
  afterAll(() => server?.stop());

  it('answers for any name of its zone with the loopback address', async () => {
    expect(await server.query('app.example.test', 'A')).toEqual(['127.0.0.1']);
  });

  it('takes an update with the TSIG key, and keeps two values side by side', async () => {
    const name = '_acme-challenge.one.example.test';
    await server.update([`add ${name} 1 TXT "first"`, `add ${name} 1 TXT "second"`]);
    expect((await server.query(name, 'TXT')).sort()).toEqual(['first', 'second']);
    await server.update([`delete ${name} TXT "first"`]);
    expect(await server.query(name, 'TXT')).toEqual(['second']);
  });

  it('refuses an update of a zone that allows none', async () => {
    await expect(server.update(['add a.closed.test 1 TXT "x"'])).rejects.toThrow(/REFUSED|BADKEY/);
    expect(await server.query('a.closed.test', 'TXT')).toEqual([]);
  });
}

describeWith(['bind'], 'BIND as a test peer', () => suite(startBind));
describeWith(['knot', 'bind'], 'Knot as a test peer', () => suite(startKnot));
