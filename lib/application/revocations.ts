import { certificateDecider } from '../domain/certificate.decide.ts';
import { type CertificateEvent, certificateStream, type Issued, type LiveCertificate } from '../domain/certificate.ts';
import { Refusal } from '../domain/refusal.ts';
import type { RevocationReason } from '../domain/revocation.ts';
import { type Instant, secondsBetween } from '../domain/time.ts';
import { certificateNotFound, factsOf, loadCertificate } from './certificateFacts.ts';
import { certificateView } from './certificateView.ts';
import type { Meta } from './ledger.ts';
import type { Services } from './services.ts';
import { upcast } from './upcast.ts';

type Needs = Pick<Services, 'ledger' | 'store' | 'vault' | 'x509' | 'clock'>;

/** What somebody wants revoked. */
export interface RevocationRequest {
  readonly team: string;
  readonly name: string;
  /** Absent: the issued one. */
  readonly revision?: number;
  readonly reason: RevocationReason;
  /** Whether another revision takes its place. */
  readonly replace: boolean;
}

/** Seconds within which a request that names no revision is taken for the one before, sent again. */
const SENT_AGAIN = 300;

/**
 * Has a revision revoked. That it is wanted stands on the ledger before its CA is asked; a reaction asks. What is revoked already, or is being
 * revoked, stays as it is.
 * @throws Refusal `CertificateNotFound`, `NotIssued`, `RevisionNotFound`, `CertificateExpired`, `JustReplaced`
 */
export async function revokeCertificate(services: Needs, request: RevocationRequest, meta: Meta) {
  const { team, name, reason } = request;
  const { state } = await loadCertificate(services, team, name);
  if (state.status !== 'live') throw certificateNotFound(team, name);
  if (request.revision === undefined) refuseAgain(state, services.clock.now());
  const { revision, serial, notAfter, chainRef, acme } = await issuedRevision(services, request, state);
  const compromised = reason === 'keyCompromise' && (await hasKeyOf(services, team, state, chainRef));
  const command = {
    type: 'RequestRevocation',
    ...{ revision, serial, notAfter, chainRef, reason },
    // The request carries the key: another revision of it would have the same.
    replace: request.replace && !(compromised && state.spec.request),
    ...(acme && { acme }),
    ...(compromised && { compromised }),
  } as const;
  const handled = await services.ledger.handle(certificateDecider, certificateStream(team, name), command, meta);
  return { version: handled.version, view: certificateView(await factsOf(services, team, name, handled)) };
}

/** Whoever sends the same again, or taps twice, means what was issued then, and not the sound one that took its place since. */
function refuseAgain({ issued, revocations = [] }: LiveCertificate, now: Instant): void {
  const before = revocations.find(
    ({ revision, since }) => issued && revision < issued.revision && secondsBetween(since, now) < SENT_AGAIN,
  );
  if (!issued || !before || revocations.some(({ revision }) => revision === issued.revision)) return;
  const message = `revision ${before.revision} is revoked since ${before.since}, and revision ${issued.revision} has taken its place`;
  throw new Refusal('JustReplaced', message, {
    field: 'revision',
    remedy: `nothing, if that was meant; to revoke this one too, name revision ${issued.revision}`,
  });
}

/** A revision as it was issued in this life of the name. */
async function issuedRevision(
  { store }: Pick<Needs, 'store'>,
  { team, name, revision }: RevocationRequest,
  { issued, uid }: LiveCertificate,
): Promise<Issued> {
  if (!issued && revision === undefined) {
    throw new Refusal('NotIssued', 'the certificate is not issued yet', {
      remedy: `see why: chancery describe certificate ${name} --team ${team}`,
    });
  }
  if (issued && (revision === undefined || issued.revision === revision)) return issued;
  const commits = await store.commits(certificateStream(team, name));
  const events = commits.flatMap((commit) => commit.events.map((event) => upcast(event) as CertificateEvent));
  const begun = events.findIndex((event) => event.type === 'CertificateRequested' && event.uid === uid);
  const found = events.slice(begun).find((event) => event.type === 'CertificateIssued' && event.revision === revision);
  if (found?.type === 'CertificateIssued') return found;
  throw new Refusal('RevisionNotFound', `revision ${revision} of ${team}/${name} was never issued`, {
    field: 'revision',
    remedy: `see what was: chancery events ${name} --team ${team}`,
  });
}

/** Whether the issued revision has the key of the chain. */
async function hasKeyOf(
  { vault, x509 }: Needs,
  team: string,
  { issued }: LiveCertificate,
  chainRef: string,
): Promise<boolean> {
  if (!issued || issued.chainRef === chainRef) return issued !== undefined;
  const [one, other] = await Promise.all(
    [issued.chainRef, chainRef].map(async (ref) => {
      const sealed = await vault.open(ref, team);
      return sealed && x509.readChain(Buffer.from(sealed).toString('utf8'))[0]?.publicKeyHash;
    }),
  );
  return one !== undefined && one === other;
}
