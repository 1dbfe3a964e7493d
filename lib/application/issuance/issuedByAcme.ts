import { accountDecider, accountStream } from '../../domain/account.ts';
import { certId } from '../../domain/certId.ts';
import type { Issued } from '../../domain/issued.ts';
import type { CertificateFacts } from '../../ports/x509.ts';
import type { Services } from '../services.ts';
import type { Run } from './run.ts';

/**
 * Which account got it, and how its CA names it in renewal information (RFC 9773 4.1); nothing of what another kind of issuer signed.
 * @param known URL of the account, where the step asked by it
 */
export async function issuedByAcme(
  { ledger }: Pick<Services, 'ledger'>,
  { issuer: { spec }, issuance: { issuer }, owner }: Run,
  { authorityKeyId, serial }: CertificateFacts,
  known: string | undefined,
): Promise<Pick<Issued, 'acme'>> {
  if (!spec.acme) return {};
  const account =
    known ?? (await ledger.load(accountDecider, accountStream(`${owner}/${issuer.name}`))).state.registered?.url;
  if (account === undefined) return {};
  const id = authorityKeyId === undefined ? {} : { certId: certId(authorityKeyId, serial) };
  return { acme: { issuer, account, ...id } };
}
