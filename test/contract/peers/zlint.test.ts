import { expect, it } from 'vitest';
import { makeAuthority } from '../../support/authority.ts';
import { describeWith } from '../../support/peers/describeWith.ts';
import { zlint } from '../../support/peers/zlint.ts';

describeWith(['zlint'], 'zlint as a test peer', () => {
  it('reads a certificate and names what is wrong with it', async () => {
    const authority = await makeAuthority('zlint test root');
    const names = ['under_score.example.com'];
    const { certPem } = await authority.issue({ subject: 'CN=x', names, usage: 'server' });
    const findings = await zlint(certPem);
    expect(findings.map(({ lint }) => lint)).toContain('e_underscore_not_permissible_in_dnsname');
  });

  it('throws for what is no certificate', async () => {
    await expect(zlint('nothing')).rejects.toThrow(/zlint/);
  });
});
