import type { LiveCertificate } from '../../domain/certificate.ts';
import type { DesiredDelivery } from '../../domain/delivery.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { CertificateSpec, SecretTemplate } from '../../domain/spec.ts';
import type { SecretContents } from '../../ports/destinations.ts';
import { heldKey } from '../heldKey.ts';
import { caRefOf, chainRefOf, keyRefOf } from '../references.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'vault' | 'x509'>;

/**
 * What a destination shall hold of a revision, from the vault. One that was issued for a CSR has no key there, and a CA's key may be where nobody
 * can take it out.
 * @throws Refusal `ChainMissing`, `KeyMissing`, `KeyMismatch`
 */
export async function contentsOf(
  { vault, x509 }: Needs,
  team: string,
  name: string,
  certificate: LiveCertificate,
  desired: DesiredDelivery,
): Promise<SecretContents> {
  const text = async (ref: string): Promise<string | undefined> => {
    const sealed = await vault.open(ref, team);
    return sealed && Buffer.from(sealed).toString('utf8');
  };
  const chainRef = chainRefOf(desired.uid, desired.revision);
  const chain = await text(chainRef);
  if (!chain) throw new Refusal('ChainMissing', `revision ${desired.revision} is not in the vault`);
  const { spec } = certificate;
  // Not by the spec: it may have gone over to a CSR since, while the revision that is delivered still has its key.
  const sealed = await text(keyRefOf(desired.uid, desired.revision));
  const { issued } = certificate;
  if (!sealed && issued?.keyRef && issued.revision === desired.revision)
    throw new Refusal('KeyMissing', `the key of revision ${desired.revision} is not in the vault`);
  const key = heldKey(sealed);
  if (key) await checkTogether(x509, key, chain);
  return {
    certificate: chain,
    key: key && x509.encodeKey(key, spec.privateKey.encoding),
    ca: await text(caRefOf(chainRef)),
    fingerprint: desired.fingerprint,
    template: templateOf(name, spec),
  };
}

/** A server would not start with a key that is not its certificate's. @throws Refusal `KeyMismatch` */
async function checkTogether(x509: Needs['x509'], key: string, chain: string): Promise<void> {
  const { publicKey } = await x509.signer(key);
  if (x509.readChain(chain)[0]?.publicKeyHash === x509.publicKeyHash(publicKey)) return;
  throw new Refusal('KeyMismatch', 'the key in the vault is not the one that was certified');
}

/** cert-manager's annotations and label on a Secret, below what the spec's secretTemplate asks for. */
function templateOf(name: string, spec: CertificateSpec): SecretTemplate {
  const { issuerRef, commonName, dnsNames, ipAddresses, uris, subject, secretTemplate } = spec;
  const optional: Record<string, readonly string[] | undefined> = {
    'subject-organizations': subject?.organizations,
    'subject-organizationalunits': subject?.organizationalUnits,
    'subject-countries': subject?.countries,
    'subject-provinces': subject?.provinces,
    'subject-localities': subject?.localities,
    'subject-streetaddresses': subject?.streetAddresses,
    'subject-postalcodes': subject?.postalCodes,
    'subject-serialnumber': subject?.serialNumber ? [subject.serialNumber] : undefined,
  };
  const annotations: Record<string, string> = {
    'cert-manager.io/certificate-name': name,
    'cert-manager.io/issuer-name': issuerRef.name,
    'cert-manager.io/issuer-kind': issuerRef.kind,
    'cert-manager.io/issuer-group': 'cert-manager.io',
    'cert-manager.io/common-name': commonName ?? '',
    'cert-manager.io/alt-names': dnsNames.join(','),
    'cert-manager.io/ip-sans': ipAddresses.join(','),
    'cert-manager.io/uri-sans': uris.join(','),
  };
  for (const [key, values] of Object.entries(optional)) {
    if (values && values.length > 0) annotations[`cert-manager.io/${key}`] = values.join(',');
  }
  return {
    labels: { 'controller.cert-manager.io/fao': 'true', ...secretTemplate?.labels },
    annotations: { ...annotations, ...secretTemplate?.annotations },
  };
}
