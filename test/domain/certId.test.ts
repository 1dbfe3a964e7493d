import { describe, expect, it } from 'vitest';
import { certId } from '../../lib/domain/certId.ts';

describe('a certificate identifier', () => {
  it('is that of RFC 9773 4.1 for its example', () => {
    expect(certId('69885B6B87464041E1B37B847BA0AE2CDE01C8D4', '0087654321')).toBe(
      'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE',
    );
  });

  it('adds the zero that a serial without leading zeros lost', () => {
    expect(certId('69885b6b87464041e1b37b847ba0ae2cde01c8d4', '87654321')).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
    expect(certId('00', '123')).toBe('AA.ASM');
  });
});
