import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ConnectionFlags, findConnection } from '../../cli/shared/connection.ts';
import { CliError } from '../../cli/shared/errors.ts';
import { tempDir } from '../support/temp.ts';

let folder: string;
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** A data folder as a running service leaves it. */
function service(name: string, url: string): string {
  const data = join(folder, name);
  mkdirSync(data);
  const ca = join(data, 'ca.crt');
  writeFileSync(ca, `ca of ${name}`);
  writeFileSync(join(data, 'endpoint.json'), JSON.stringify({ url, ca, pid: 1 }));
  writeFileSync(join(data, 'admin.token'), `token-of-${name}\n`);
  return data;
}

beforeEach(() => {
  folder = tempDir('cli');
});

const OWN = 'https://127.0.0.1:1';
const OTHER = 'https://ca.example.com:2';

function refused(flags: ConnectionFlags, env: Record<string, string> = {}): CliError {
  try {
    findConnection(flags, env);
  } catch (error) {
    expect(error).toBeInstanceOf(CliError);
    return error as CliError;
  }
  throw new Error('was not refused');
}

describe('The service', () => {
  it('is the one of the data folder, with its CA and its token', () => {
    const data = service('a', OWN);
    for (const [flags, env] of [
      [{ data }, {}],
      [{}, { CHANCERY_DATA: data }],
    ] as const) {
      const { url, token, ca } = findConnection(flags, env);
      expect([url.origin, token, ca]).toEqual([OWN, 'token-of-a', 'ca of a']);
    }
  });

  it('is the one that flags say, before the environment, before the data folder', () => {
    const data = service('a', OWN);
    const env = {
      CHANCERY_URL: OTHER,
      CHANCERY_TOKEN: 'of-environment',
      CHANCERY_CA_FILE: file('env.pem', 'ca of environment'),
      CHANCERY_DATA: data,
    };
    const byEnvironment = findConnection({}, env);
    expect([byEnvironment.url.origin, byEnvironment.token, byEnvironment.ca]).toEqual([
      OTHER,
      'of-environment',
      'ca of environment',
    ]);
    const byFlags = findConnection(
      {
        url: 'https://third.example.com',
        'token-file': file('token', 'of-flag\n'),
        'ca-file': file('flag.pem', 'ca of flag'),
      },
      env,
    );
    expect([byFlags.url.origin, byFlags.token, byFlags.ca]).toEqual([
      'https://third.example.com',
      'of-flag',
      'ca of flag',
    ]);
  });

  it('is the one of a data folder that a flag names, whatever the environment says', () => {
    const data = service('a', OWN);
    const env = { CHANCERY_URL: OTHER, CHANCERY_TOKEN: 'of-environment', CHANCERY_CA_FILE: '/nowhere' };
    const { url, token, ca } = findConnection({ data }, env);
    expect([url.origin, token, ca]).toEqual([OWN, 'token-of-a', 'ca of a']);
  });

  it('gets the token of a data folder only when it is the one of that folder', () => {
    const data = service('a', OWN);
    expect(findConnection({ url: OWN, data }, {}).token).toBe('token-of-a');
    const error = refused({ url: OTHER, data });
    expect(error.exit).toBe('unauthorized');
    expect(error.message).toContain(OTHER);
  });

  it('reads its token from a file that the environment names, unless the environment has the token', () => {
    const env = { CHANCERY_URL: OTHER, CHANCERY_TOKEN_FILE: file('token', 'of-file\n') };
    expect(findConnection({}, env).token).toBe('of-file');
    expect(findConnection({}, { ...env, CHANCERY_TOKEN: ' itself ' }).token).toBe('itself');
  });

  it('is not reachable when none runs in the data folder', () => {
    expect(refused({ data: folder }).exit).toBe('unreachable');
    writeFileSync(join(folder, 'endpoint.json'), '{"url":');
    expect(refused({ data: folder }).exit).toBe('unreachable');
  });

  it('is not called at an address that would give the token away', () => {
    const env = { CHANCERY_TOKEN: 'x' };
    expect(findConnection({ url: 'http://127.0.0.1:80' }, env).url.protocol).toBe('http:');
    for (const url of ['http://ca.example.com', 'ftp://127.0.0.1', 'ca.example.com', 'https://user@ca.example.com']) {
      expect(refused({ url }, env).exit).toBe('usage');
    }
  });

  it('is not called with a token file that is not there, or holds something else', () => {
    expect(refused({ url: OTHER, 'token-file': join(folder, 'absent') }).message).toContain('ENOENT');
    const wrong = refused({ url: OTHER, 'token-file': file('token', 'two words') });
    expect(wrong.exit).toBe('usage');
    expect(wrong.message).not.toContain('two words');
  });
});
