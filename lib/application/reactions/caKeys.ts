import { certificateDecider } from '../../domain/certificate.decide.ts';
import type { CertificateEvent } from '../../domain/certificate.ts';
import type { DomainEvent } from '../../domain/decider.ts';
import { heldKey } from '../heldKey.ts';
import { keyRefOf } from '../references.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'caKeys'>;

/** Revisions that are looked back: those between two issued ones failed or were superseded, and are few. */
const LOOK_BACK = 5;

/**
 * Lets go of the keys that a CA signs with no more, where they are kept elsewhere and cost as long as they are there: those of earlier revisions
 * once another is issued, and all when the certificate is deleted.
 * @param stream of the certificate, whose `events` were committed
 */
export async function retireCaKeys(services: Needs, stream: string, events: readonly DomainEvent[]): Promise<void> {
  const { ledger, caKeys } = services;
  const ended = (events as readonly CertificateEvent[]).find(({ type }) => type === 'CertificateDeleted');
  if (!caKeys || !(ended || events.some(({ type }) => type === 'CertificateIssued'))) return;
  const owner = stream.split('/')[1]!;
  const { state } = await ledger.load(certificateDecider, stream);
  if (ended?.type === 'CertificateDeleted') return retire(services, owner, ended.uid, state.lastRevision);
  if (state.status !== 'live' || !state.spec.isCA || !state.issued) return;
  await retire(services, owner, state.uid, state.issued.revision - 1, state.issued.keyRef);
}

/** @param kept reference of the key that stays: it may be that of an earlier revision */
async function retire(
  { vault, caKeys }: Needs,
  owner: string,
  uid: string,
  newest: number,
  kept?: string,
): Promise<void> {
  const named = async (ref: string): Promise<string | undefined> => {
    const sealed = await vault.open(ref, owner);
    const key = sealed && Buffer.from(sealed).toString('utf8');
    return heldKey(key) === undefined ? key : undefined;
  };
  const stays = kept && (await named(kept));
  for (let revision = newest; revision > Math.max(0, newest - LOOK_BACK); revision--) {
    const key = await named(keyRefOf(uid, revision));
    if (key && key !== stays) await caKeys!.retire(key);
  }
}
