import { describe, expect, it } from 'vitest';
import { isSpecialAddress } from '../../../lib/adapters/net/addresses.ts';
import { addressGuard, type Lookup } from '../../../lib/adapters/net/guard.ts';

const names: Record<string, { address: string; family: number }[]> = {
  'ca.example.com': [{ address: '93.184.215.14', family: 4 }],
  'rebound.example.com': [{ address: '127.0.0.1', family: 4 }],
  'mixed.example.com': [
    { address: '10.0.0.5', family: 4 },
    { address: '93.184.215.14', family: 4 },
  ],
};
const ask: Lookup = async (host) =>
  names[host] ?? Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));

describe('special addresses', () => {
  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '64:ff9b::127.0.0.1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::1',
    'not-an-address',
    '2606:4700::1%lo',
  ])('refuses %s', (address) => {
    expect(isSpecialAddress(address)).toBe(true);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '64:ff9b::8.8.8.8', '64:ff9b::808:808'])(
    'lets %s pass',
    (address) => {
      expect(isSpecialAddress(address)).toBe(false);
    },
  );
});

describe('addressGuard', () => {
  it('answers a public address of a name', async () => {
    const found = await addressGuard([], ask).resolve('CA.example.com.', 443);
    expect(found).toEqual({ address: '93.184.215.14', family: 4 });
  });

  it('refuses a name that resolves to loopback', async () => {
    await expect(addressGuard([], ask).resolve('rebound.example.com', 443)).rejects.toMatchObject({
      name: 'NetError',
      code: 'AddressRefused',
      sent: false,
    });
  });

  it('keeps only the public addresses of a name that mixes them', async () => {
    const found = await addressGuard([], ask).permitted('mixed.example.com', 443);
    expect(found).toEqual([{ address: '93.184.215.14', family: 4 }]);
  });

  it('says when a name has no address', async () => {
    await expect(addressGuard([], ask).resolve('nowhere.example.com', 443)).rejects.toMatchObject({
      code: 'NameUnresolved',
    });
  });

  it.each([
    [['*'], 'rebound.example.com', 443, true],
    [['rebound.example.com'], 'rebound.example.com', 443, true],
    [['Rebound.Example.com:443'], 'rebound.example.com', 443, true],
    [['rebound.example.com:443'], 'rebound.example.com', 8443, false],
    [['127.0.0.0/8'], 'rebound.example.com', 443, true],
    [['127.0.0.1:14000'], '127.0.0.1', 14000, true],
    [['127.0.0.1:14000'], '127.0.0.1', 14001, false],
    [['127.0.0.1'], 'rebound.example.com', 1, true],
    [['10.0.0.0/8'], '127.0.0.1', 1, false],
    [['[::1]:53'], '::1', 53, true],
    [['[::1]:53'], '[::1]', 53, true],
    [['::1'], '::1', 99, true],
    [['fd00::/8'], 'fd12::1', 53, true],
    [['fd00::/8'], 'fe80::1', 53, false],
    [['127.0.0.0/8'], '::ffff:127.0.0.1', 53, true],
  ])('with %j allowed, %s:%i is allowed: %s', async (allow, host, port, allowed) => {
    const asked = addressGuard(allow, ask)
      .resolve(host, port)
      .then(
        () => true,
        () => false,
      );
    expect(await asked).toBe(allowed);
  });

  it.each(['10.0.0.0/33', '', 'a b', 'http://x/'])('refuses the entry "%s"', (entry) => {
    expect(() => addressGuard([entry])).toThrow(entry);
  });
});
