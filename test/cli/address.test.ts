import { expect, it } from 'vitest';
import { readHostPort } from '../../cli/shared/address.ts';
import { CliError } from '../../cli/shared/errors.ts';

it.each([
  ['127.0.0.1:8443', '127.0.0.1', 8443],
  ['localhost:0', 'localhost', 0],
  ['[::1]:443', '::1', 443],
  ['8443', '127.0.0.1', 8443],
  ['0.0.0.0:65535', '0.0.0.0', 65535],
])('%s is an address to listen on', (text, host, port) => {
  expect(readHostPort(text, '--listen')).toEqual({ host, port });
});

it.each(['', ':1', 'host', 'host:', 'host:65536', '::1:443', '[::1]', 'a b:1', 'http://x:1', 'x:-1'])(
  '"%s" is none',
  (text) => {
    expect(() => readHostPort(text, '--listen')).toThrow(CliError);
  },
);
