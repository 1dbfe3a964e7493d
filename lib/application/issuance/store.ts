import { certificateDecider } from '../../domain/certificate.decide.ts';
import { certificateStream } from '../../domain/certificate.ts';
import { issuerLabel } from '../../domain/issuerLabel.ts';
import { Refusal } from '../../domain/refusal.ts';
import { spendCertificate } from '../limits/count.ts';
import { done, type Outcome } from '../outcome.ts';
import { counted } from '../outcomes.ts';
import { chainRefOf } from '../references.ts';
import type { Services } from '../services.ts';
import { acmeAccount, endpointOf } from './account.ts';
import { issuedByAcme } from './issuedByAcme.ts';
import { recordFailure } from './recordFailure.ts';
import { type IssueInput, type Run, requireIssuer, splitName, step } from './run.ts';

type Needs = Pick<
  Services,
  'ledger' | 'vault' | 'acme' | 'x509' | 'accountKeys' | 'limits' | 'clock' | 'ids' | 'metrics'
>;

/**
 * Step Store: the chain, checked against the key and the names asked for, sealed; then CertificateIssued, the one commit point, then
 * IssuanceSucceeded. Nothing but CleanUp follows it, so that it folds its own failure, and a certificate takes no transition more.
 */
export async function store(services: Needs, input: IssueInput): Promise<Outcome> {
  const outcome = await step(services, 'Store', input, async (run) => {
    const { uid, revision } = run.issuance;
    const chainRef = chainRefOf(uid, revision);
    const known = await services.vault.open(chainRef, run.team);
    const { sealed, account } = known ? { sealed: known } : await obtain(services, run, chainRef, input);
    await commit(services, run, chainRef, Buffer.from(sealed).toString('utf8'), account);
    return done;
  });
  if (outcome.outcome === 'failed') await recordFailure(services, input);
  return outcome;
}

/** `account`: the URL of the one that it was fetched by. */
async function obtain(
  services: Needs,
  run: Run,
  chainRef: string,
  input: IssueInput,
): Promise<{ readonly sealed: Uint8Array; readonly account?: string }> {
  const { acme } = requireIssuer(run).spec;
  const { order } = run.issuance;
  if (!acme || !order) throw new Refusal('ChainMissing', 'the signed certificate is not in the vault');
  const account = await acmeAccount(services, run.owner, run.issuance.issuer.name, acme);
  const named = (input.finalize as { certificate?: string } | undefined)?.certificate;
  const url = named ?? (await services.acme.order(endpointOf(acme), account, order.url)).certificate;
  if (!url) throw new Refusal('ChainMissing', 'the order names no certificate');
  const pem = await services.acme.download(endpointOf(acme), account, url, acme.preferredChain);
  await check(services, run, pem);
  return { sealed: await services.vault.seal(chainRef, run.team, Buffer.from(pem)), account: account.url };
}

/** The issued certificate must carry our key and every name; otherwise the order is of no use. */
async function check({ x509 }: Needs, run: Run, pem: string): Promise<void> {
  const { dnsNames, ipAddresses } = run.certificate.spec;
  const publicKeyHash = await expectedKey({ x509 }, run);
  try {
    x509.checkIssued(pem, { publicKeyHash, dnsNames, ipAddresses });
  } catch (error) {
    await run.record({
      type: 'AbandonOrder',
      run: run.number,
      url: run.issuance.order?.url ?? '',
      reason: 'IssuedMismatch',
    });
    throw error;
  }
}

async function expectedKey({ x509 }: Pick<Needs, 'x509'>, run: Run): Promise<string> {
  const { request } = run.certificate.spec;
  return request ? (await x509.readCsr(request)).publicKeyHash : (run.issuance.key?.publicKeyHash ?? '');
}

async function commit(
  services: Needs,
  run: Run,
  chainRef: string,
  pem: string,
  account: string | undefined,
): Promise<void> {
  const { ledger, x509, metrics } = services;
  const [leaf] = x509.readChain(pem);
  const { serial, fingerprint, notBefore, notAfter } = leaf!;
  const { uid, revision, generation, key, certificate } = run.issuance;
  const facts = { revision, generation, serial, fingerprint, notBefore, notAfter, keyRef: key?.ref, chainRef };
  const issued = { ...facts, ...(await issuedByAcme(services, run, leaf!, account)) };
  const [team, name] = splitName(certificate);
  const meta = { actor: 'step:Store', correlationId: run.stream };
  const { acme } = run.issuer.spec;
  const [{ events }] = await Promise.all([
    ledger.handle(certificateDecider, certificateStream(team, name), { type: 'RecordIssued', uid, issued }, meta),
    acme && spendCertificate(services, run, acme),
  ]);
  // A step that is run again finds it on the ledger, and counts nothing.
  if (events.some((event) => event.type === 'CertificateIssued'))
    metrics?.(
      counted(
        run.certificate.issued ? 'Renewed' : 'Issued',
        issuerLabel(team, run.issuance.issuer),
        run.certificate.issuing?.reason,
      ),
    );
  const discarded = events.find((event) => event.type === 'CertificateDiscarded');
  if (discarded)
    await run.record({ type: 'Supersede', reason: discarded.reason === 'Deleted' ? 'Deleted' : 'Superseded' });
  else await run.record({ type: 'RecordSuccess', fingerprint, chainRef });
}
