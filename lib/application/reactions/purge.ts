import { inLanes } from '../../async/lanes.ts';
import { certificateDecider } from '../../domain/certificate.decide.ts';
import {
  type CertificateState,
  type LiveCertificate,
  leftDestinations,
  owesDispatch,
} from '../../domain/certificate.ts';
import { deliveryDecider } from '../../domain/delivery.decide.ts';
import { deliveryStream } from '../../domain/delivery.ts';
import { destinationKey } from '../../domain/destination.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import { isOpen, issuanceStream } from '../../domain/issuance.ts';
import { type Ended, keysPurgeDueAt } from '../../domain/purge.ts';
import { revocationDueAt } from '../../domain/revocation.ts';
import { type Instant, plusSeconds } from '../../domain/time.ts';
import { caRefOf, chainRefOf, keyRefOf } from '../references.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'ledger' | 'vault' | 'clock'>;

const revisions = (first: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

/** Seconds until a life is looked at again of which something is still on its way. */
const STILL_OPEN = 300;

const metaOf = (stream: string) => ({ actor: 'purge', correlationId: stream });

/**
 * Purges the keys and chains of lives that ended, once their grace is over. What is still being revoked keeps its chain, and a revision that is
 * still on its way may seal another key: then it is looked at again.
 * @returns when that is
 */
export async function purgeEnded(
  services: Needs,
  stream: string,
  state: CertificateState,
): Promise<Instant | undefined> {
  const { ledger, vault, clock } = services;
  let again: Instant | undefined;
  for (const ended of (state.ended ?? []).filter(({ purgeAt }) => purgeAt <= clock.now())) {
    const { uid, first, last } = ended;
    const needed = (state.revocations ?? []).filter((one) => revocationDueAt(one)).map(({ chainRef }) => chainRef);
    const chains = revisions(first, last).map((revision) => chainRefOf(uid, revision));
    const unneeded = chains.filter((ref) => !needed.includes(ref)).flatMap((ref) => [ref, caRefOf(ref)]);
    const open = await isUnderWay(services, ended);
    await inLanes([...revisions(first, last).map((revision) => keyRefOf(uid, revision)), ...unneeded], (ref) =>
      vault.purge(ref),
    );
    if (open || unneeded.length < 2 * chains.length) again = plusSeconds(clock.now(), STILL_OPEN);
    else await ledger.handle(certificateDecider, stream, { type: 'RecordPurged', uid }, metaOf(stream));
  }
  return again;
}

/** Whether a revision that was begun after the last issued one has not ended. */
async function isUnderWay({ ledger }: Needs, { uid, issued, last }: Ended): Promise<boolean> {
  for (const revision of revisions(issued + 1, last)) {
    if (isOpen((await ledger.load(issuanceDecider, issuanceStream(uid, revision))).state)) return true;
  }
  return false;
}

/** Seconds until the copies are looked at again that still hold an older revision. */
const LOOK_AGAIN = 6 * 3600;

/**
 * Purges the keys of all revisions but the last two, a day after they became superfluous, when every destination holds the last.
 * @returns when it is to be looked at again
 */
export async function purgeKeys(services: Needs, stream: string, state: LiveCertificate): Promise<Instant | undefined> {
  const { ledger, vault, clock } = services;
  const due = keysPurgeDueAt(state);
  if (!due || due > clock.now()) return due;
  if (!(await isEverywhere(services, state))) return plusSeconds(clock.now(), LOOK_AGAIN);
  const { uid, previousRevision = 1, firstRevision, keysPurged = firstRevision - 1 } = state;
  const through = previousRevision - 1;
  await inLanes(revisions(keysPurged + 1, through), (revision) => vault.purge(keyRefOf(uid, revision)));
  await ledger.handle(certificateDecider, stream, { type: 'RecordKeysPurged', uid, through }, metaOf(stream));
  return undefined;
}

/** Whether every destination that is ours confirmed the issued revision. */
async function isEverywhere({ ledger }: Needs, state: LiveCertificate): Promise<boolean> {
  const { issued, spec, uid } = state;
  if (owesDispatch(state) || leftDestinations(state).length > 0) return false;
  for (const destination of spec.destinations) {
    const { state: delivery } = await ledger.load(deliveryDecider, deliveryStream(destinationKey(destination)));
    const ours = delivery.desired?.uid === uid;
    if (ours && (delivery.status !== 'confirmed' || delivery.observed?.revision !== issued?.revision)) return false;
  }
  return true;
}
