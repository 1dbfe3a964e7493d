import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyFile } from '../../lib/adapters/localkeys/keyFile.ts';
import { cli, type Ended, type ServedCli, start, startCli, startServe } from '../support/cli.ts';
import { tempDir } from '../support/temp.ts';

const interrupted = async (service: ServedCli): Promise<Ended> => {
  service.child.kill('SIGINT');
  return service.ended;
};
const text = (...path: string[]): string => readFileSync(join(...path), 'utf8');

/** `serve` with free ports that is expected not to start. */
const refused = (data: string, ...args: string[]): Promise<Ended> =>
  cli(['serve', '--data', data, '--listen', '127.0.0.1:0', '--http01-listen', '127.0.0.1:0', ...args]);

describe('chancery serve', () => {
  it('prints three commands that work when pasted, ends cleanly at Ctrl-C, and carries on at the next start', async () => {
    const data = join(tempDir('serve'), 'data');
    const first = await startServe(data);
    const words = [
      'team put demo',
      'request web --team demo --dns web.demo.test --issuer chancery-ca --wait',
      'describe web --team demo',
    ];
    expect(first.suggested).toEqual(words.map((word) => `npx chancery ${word} --data ${data}`));
    const pasted: Ended[] = [];
    for (const command of first.suggested) pasted.push(await start('/bin/sh', ['-c', command]).ended);
    expect(pasted.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(pasted[1]?.stdout).toContain('certificate demo/web is ready: revision 1');
    expect(pasted[2]?.stdout).toMatch(/Ready +True/);

    const [ca, token] = [text(data, 'tls/ca.crt'), text(data, 'admin.token')];
    expect(statSync(join(data, 'admin.token')).mode & 0o777).toBe(0o600);
    expect(await interrupted(first)).toMatchObject({ code: 0, stderr: '' });
    expect((await cli(['get', 'certs', '--data', data])).code).toBe(3);

    const second = await startServe(data);
    expect([text(data, 'tls/ca.crt'), text(data, 'admin.token')]).toEqual([ca, token]);
    const web = JSON.parse((await cli(['get', 'cert', 'web', '-t', 'demo', '-o', 'json', '--data', data])).stdout);
    expect(web.status.revision).toBe(1);
    expect((await interrupted(second)).code).toBe(0);
  });

  it('ends cleanly at SIGTERM, and at a Ctrl-C while it starts', async () => {
    const data = join(tempDir('serve'), 'data');
    const starting = startCli(['serve', '--data', data, '--listen', '127.0.0.1:0', '--http01-listen', '127.0.0.1:0']);
    await expect.poll(() => exists(join(data, 'lock.json')), { timeout: 20_000 }).toBe(true);
    starting.child.kill('SIGINT');
    expect((await starting.ended).code).toBe(0);
    const service = await startServe(data);
    service.child.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });

  it('carries on after it was killed', async () => {
    const data = join(tempDir('serve'), 'data');
    const first = await startServe(data);
    await cli(['team', 'put', 'demo', '--data', data]);
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await cli(['get', 'teams', '--data', data])).code).toBe(3);
    const second = await startServe(data);
    expect((await cli(['get', 'teams', '--data', data])).stdout).toContain('demo');
    expect((await interrupted(second)).code).toBe(0);
  });

  it('writes its log as JSON lines when asked to', async () => {
    const data = join(tempDir('serve'), 'data');
    const service = await startServe(data, ['--log', 'json']);
    const { stderr } = await interrupted(service);
    for (const line of stderr.split('\n').filter((one) => one !== '')) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), message: expect.any(String) });
    }
  });
});

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

describe('chancery serve, where it cannot start,', () => {
  let data: string;
  let copies = 0;
  /** The data folder of a service that ended, with something done to it. */
  const spoiled = (spoil: (folder: string) => void): string => {
    const folder = `${data}-${++copies}`;
    cpSync(data, folder, { recursive: true, verbatimSymlinks: true });
    spoil(folder);
    return folder;
  };

  beforeAll(async () => {
    data = join(tempDir('serve'), 'data');
    await interrupted(await startServe(data));
  });

  const cases: [what: string, spoil: (folder: string) => void, message: RegExp, remedy: RegExp][] = [
    [
      'because the folder was written by a newer version',
      (folder) => writeFileSync(join(folder, 'folder.json'), '{"format":999,"instance":"00000000"}'),
      /was written by a newer Chancery.*\(DataFolderNewer\)/,
      /to do: Run the newer Chancery/,
    ],
    [
      'because the description of the folder is damaged',
      (folder) => writeFileSync(join(folder, 'folder.json'), '{'),
      /folder\.json is damaged: it does not tell layout and instance \(DataFolderDamaged\)/,
      /to do: Restore/,
    ],
    [
      'because the database is damaged',
      (folder) => writeFileSync(join(folder, 'chancery.db'), 'no database at all'.repeat(1000)),
      /chancery\.db is damaged.*\(DataFolderDamaged\)/,
      /to do: Restore/,
    ],
    [
      'because the database is gone',
      (folder) => rmSync(join(folder, 'chancery.db')),
      /chancery\.db is damaged: it is not there, and it was \(DataFolderDamaged\)/,
      /to do: Restore/,
    ],
    [
      'because the description of the folder is gone',
      (folder) => rmSync(join(folder, 'folder.json')),
      /folder\.json is damaged: it is not there, and it was \(DataFolderDamaged\)/,
      /to do: Restore/,
    ],
    [
      'because the key file is another one',
      (folder) => {
        rmSync(join(folder, 'master.key'));
        createKeyFile(join(folder, 'master.key'));
      },
      /master\.key does not open what is sealed in this data folder \(KeyFileOther\)/,
      /to do: Put the key file of this data folder back/,
    ],
    [
      'because others may read the key file',
      (folder) => chmodSync(join(folder, 'master.key'), 0o644),
      /Others may read the key file.*\(KeyFilePermissions\)/,
      /to do: chmod 600/,
    ],
  ];
  it.each(cases)('%s, says so with what to do', async (_, spoil, message, remedy) => {
    const { code, stderr, stdout } = await refused(spoiled(spoil));
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(remedy);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
    expect([code, stdout]).toEqual([1, '']);
  });

  it('because a port is in use, says which flag takes another', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    for (const flag of ['listen', 'http01-listen']) {
      const { code, stderr } = await cli([
        'serve',
        '--data',
        data,
        ...['listen', 'http01-listen'].flatMap((one) => [`--${one}`, `127.0.0.1:${one === flag ? port : 0}`]),
      ]);
      expect(code).toBe(1);
      expect(stderr).toContain(`port ${port} of 127.0.0.1 is in use by another program (PortInUse)`);
      expect(stderr).toContain(`--${flag} 127.0.0.1:<port>`);
    }
    server.close();
  });

  it('because the folder holds other things, or is none, leaves it as it is', async () => {
    const root = tempDir('serve');
    mkdirSync(join(root, 'photos'));
    const foreign = await refused(root);
    expect(foreign.stderr).toContain('(DataFolderForeign)');
    writeFileSync(join(root, 'file'), '');
    const file = await refused(join(root, 'file'));
    expect(file.stderr).toContain('(DataFolderForeign)');
    expect([foreign.code, file.code]).toEqual([1, 1]);
  });

  it('because a flag is wrong, says how it is written', async () => {
    const listen = await cli(['serve', '--data', data, '--listen', 'everywhere']);
    expect([listen.code, listen.stderr]).toEqual([
      2,
      'chancery: --listen everywhere: not host:port\n  to do: write it as --listen 127.0.0.1:8443, or [::1]:8443\n',
    ]);
    expect((await refused(data, '--log', 'xml')).code).toBe(2);
  });
});

describe('chancery rebuild', () => {
  it('makes the lists anew, wherever the key file lies, and not while a service runs', async () => {
    const root = tempDir('serve');
    const data = join(root, 'data');
    const keyFile = ['--key-file', join(root, 'elsewhere.key')];
    const service = await startServe(data, keyFile);
    const locked = await cli(['rebuild', '--data', data]);
    expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining('(DataFolderLocked)')]);
    await interrupted(service);
    expect((await cli(['rebuild', '--data', data])).stderr).toContain('(KeyFileMissing)');
    const rebuilt = await cli(['rebuild', '--data', data, ...keyFile]);
    expect(rebuilt.stdout).toMatch(/^Rebuilt the views of \S+ from \d+ streams\.\n$/);
    const again = await startServe(data, keyFile);
    expect((await cli(['get', 'certs', '--data', data])).stdout).toContain('chancery-server');
    await interrupted(again);
  });
});

describe('chancery, waiting,', () => {
  let service: ServedCli;
  let silent: ReturnType<typeof createServer>;
  const run = (...args: string[]): Promise<Ended> => cli([...args, '--data', service.data]);
  /** An ACME issuer whose CA listens at this port. */
  const issuer = (name: string, port: number): string =>
    `apiVersion: chancery.dev/v1
kind: Issuer
metadata: { name: ${name}, namespace: demo }
spec:
  acme:
    server: https://127.0.0.1:${port}/directory
    privateKeySecretRef: { name: account }
    solvers: [{ http01: {} }]
`;

  beforeAll(async () => {
    service = await startServe(join(tempDir('serve'), 'data'), ['--allow', '127.0.0.1']);
    // Takes connections and never says a word.
    silent = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    await run('team', 'put', 'demo');
    const { port } = silent.address() as { port: number };
    const manifests = `${issuer('silent', port)}---\n${issuer('absent', 1)}`;
    expect((await cli(['apply', '-f', '-', '--data', service.data], {}, manifests)).code).toBe(0);
  });
  afterAll(async () => {
    silent.close();
    await interrupted(service);
  });

  const request = (name: string, issuerName: string) => [
    'request',
    name,
    '-t',
    'demo',
    '--dns',
    `${name}.demo.test`,
    '--issuer',
    issuerName,
  ];

  it('ends with the cause, what to do and when it is tried again, when the issuance fails', async () => {
    const { code, stderr } = await run(...request('fails', 'absent'), '--wait');
    expect(stderr).toMatch(/demo\/fails: revision 1 was not issued: .*\(caUnreachable\)/);
    expect(stderr).toMatch(/to do: .*It is tried again at \d{4}-/);
    expect(code).toBe(7);
  });

  it('explains afterwards what is stuck: cause, since when, what to do, when it is tried again', async () => {
    const { stdout } = await run('describe', 'fails', '-t', 'demo');
    for (const part of [
      /Step: +Order/,
      /Since: +\d{4}-/,
      /Cause: .*caUnreachable/,
      /To do: /,
      /Tried again: +\d{4}-.*in /,
    ]) {
      expect(stdout).toMatch(part);
    }
  });

  it('ends when its time is over, with what it waited for', async () => {
    const { code, stderr } = await run(...request('waits', 'silent'), '--wait', '--timeout', '1s');
    expect(stderr).toMatch(/demo\/waits is not there after 1 s: /);
    expect(stderr).toContain('chancery describe waits --team demo');
    expect(code).toBe(6);
  });

  it('ends when its time is over, with why the issuer is not ready', async () => {
    const ca = `apiVersion: chancery.dev/v1
kind: Issuer
metadata: { name: rootless, namespace: demo }
spec: { ca: { secretName: nowhere } }
`;
    expect((await cli(['apply', '-f', '-', '--data', service.data], {}, ca)).code).toBe(0);
    const { code, stderr } = await run(...request('early', 'rootless'), '--wait', '--timeout', '2s');
    expect(stderr).toContain('(Issuer rootless is not ready: there is no Certificate with secretName nowhere)');
    expect(code).toBe(6);
  });

  it('ends at Ctrl-C with 130 and without a word', async () => {
    const follow = startCli(['events', 'fails', '-t', 'demo', '--follow', '--data', service.data]);
    await expect.poll(follow.output, { timeout: 20_000 }).toContain('failed');
    follow.child.kill('SIGINT');
    const { code, stderr } = await follow.ended;
    expect([code, stderr]).toEqual([130, '']);
  });
});
