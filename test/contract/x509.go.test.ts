import { beforeAll, describe, expect, it } from 'vitest';
import { type Issued, issue, issueRoot } from '../support/internalCa.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { goRefusal } from '../support/peers/goverify.ts';
import { authority, keyKinds, leafKinds } from './x509Kinds.ts';

describeWith(['goverify'], "Go's standard library on what the internal CA makes", () => {
  describe.each(keyKinds)('with a CA of kind %s', (_, kind) => {
    let ca: { root: Issued; intermediate: Issued };
    beforeAll(async () => {
      ca = await authority(kind);
    });

    it('trusts every kind of leaf', async () => {
      for (const [, wanted] of leafKinds) {
        const leaf = await issue(wanted, ca.intermediate);
        const chain = leaf.certificate + ca.intermediate.certificate;
        expect(await goRefusal(ca.root.certificate, chain, 'app.example.test')).toBeUndefined();
      }
    });

    it('trusts a leaf whose key is of the same kind, by its address', async () => {
      const leaf = await issue({ ipAddresses: ['2001:db8::1'] }, ca.root, kind);
      expect(await goRefusal(ca.root.certificate, leaf.certificate, '2001:db8::1')).toBeUndefined();
    });
  });

  it('refuses a leaf for another name, of another root, for clients alone, and whose chain is broken', async () => {
    const { root, intermediate } = await authority(keyKinds[0]![1]);
    const chain = (leaf: Issued) => leaf.certificate + intermediate.certificate;
    const leaf = await issue({ dnsNames: ['app.example.test'] }, intermediate);
    const client = await issue({ dnsNames: ['app.example.test'], usages: ['client auth'] }, intermediate);
    const other = await issueRoot();
    const name = 'app.example.test';
    expect(await goRefusal(root.certificate, chain(leaf), 'other.example.test')).toContain('not other.example.test');
    expect(await goRefusal(other.certificate, chain(leaf), name)).toContain('unknown authority');
    expect(await goRefusal(root.certificate, chain(client), name)).toContain('incompatible key usage');
    expect(await goRefusal(root.certificate, leaf.certificate, name)).toContain('unknown authority');
  });
});
