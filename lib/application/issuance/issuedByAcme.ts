import { accountDecider, accountStream } from '../../domain/account.ts';
import { certId } from '../../domain/certId.ts';
import type { Issued } from '../../domain/issued.ts';
import type { CertificateFacts } from '../../ports/x509.ts';
import type { Services } from '../services.ts';
import type { Run } from './run.ts';

/** Which account got it, and how its CA names it in renewal information (RFC 9773 4.1); nothing of what another kind of issuer signed. */
export async function issuedByAcme(
  { ledger }: Pick<Services, 'ledger'>,
  { issuer: { spec }, issuance: { issuer }, owner }: Run,
  { authorityKeyId, serial }: CertificateFacts,
): Promise<Pick<Issued, 'acme'>> {
  if (!spec.acme) return {};
  const { registered } = (await ledger.load(accountDecider, accountStream(`${owner}/${issuer.name}`))).state;
  if (!registered) return {};
  const id = authorityKeyId === undefined ? {} : { certId: certId(authorityKeyId, serial) };
  return { acme: { issuer, account: registered.url, ...id } };
}
