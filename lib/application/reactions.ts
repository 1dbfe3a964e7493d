import type { ClusterProbe } from '../ports/clusters.ts';
import type { Commit } from '../ports/eventStore.ts';
import type { CopyObserver } from './drift.ts';
import { pursueAccount } from './reactions/accountKey.ts';
import { retireCaKeys } from './reactions/caKeys.ts';
import { offerDestination, pursueCertificate } from './reactions/certificate.ts';
import { pursueCluster } from './reactions/cluster.ts';
import { leaveAfterFailure, leaveDiverted, leaveForStandIn } from './reactions/failover.ts';
import { followTeam } from './reactions/followTeam.ts';
import { pursueIssuer, recheckCaIssuers } from './reactions/issuer.ts';
import { retryForCluster, retryForCredential, retryForPolicy, retryRecovered } from './reactions/recovery.ts';
import { pursueDelivery, pursueIssuance } from './reactions/runs.ts';
import type { RenewalTurns } from './renewalTurns.ts';
import type { Services } from './services.ts';

/** What reactions act through. */
export type ReactionNeeds = Pick<
  Services,
  | 'ledger'
  | 'vault'
  | 'views'
  | 'acme'
  | 'caa'
  | 'x509'
  | 'accountKeys'
  | 'caKeys'
  | 'workflows'
  | 'limits'
  | 'clock'
  | 'ids'
  | 'log'
> & {
  readonly clusters: ClusterProbe;
  /** Looks after what was delivered to clusters. Absent: another process does. */
  readonly copies?: Pick<CopyObserver, 'cluster'>;
};

type Pursuit = (services: ReactionNeeds, stream: string, turns?: RenewalTurns) => Promise<unknown>;

const PURSUE: Readonly<Record<string, Pursuit>> = {
  certificate: pursueCertificate,
  issuance: pursueIssuance,
  delivery: pursueDelivery,
  issuer: pursueIssuer,
  account: pursueAccount,
  cluster: pursueCluster,
};

/** Events after which a stream owes something at once. All others wait for the due index. */
const PROMPT = new Set([
  'CertificateRequested',
  'RenewalRequested',
  'CertificateIssued',
  'ReplacementScheduled',
  'RevocationRequested',
  'CertificateDeleted',
  'RunBegun',
  'IssuerConfigured',
  'AccountKeyChangeRequested',
  'LimitsResumed',
  'ClusterRegistered',
]);

async function policySet(services: ReactionNeeds, stream: string): Promise<void> {
  await followTeam(services, stream);
  await retryForPolicy(services, stream);
}

async function issuerReady(services: ReactionNeeds, stream: string): Promise<void> {
  await retryRecovered(services, stream);
  await leaveForStandIn(services, stream);
}

/** What else follows from an event, once a commit. */
const FOLLOWS: Readonly<Record<string, (services: ReactionNeeds, stream: string) => Promise<void>>> = {
  CertificateIssued: recheckCaIssuers,
  IssuanceFailed: leaveAfterFailure,
  IssuerDiverted: leaveDiverted,
  DeliveryWithdrawn: offerDestination,
  // These may end the cause of failures.
  IssuerBecameReady: issuerReady,
  IssuerRestored: retryRecovered,
  TeamPolicySet: policySet,
  CredentialSealed: retryForCredential,
  ClusterBecameReachable: retryForCluster,
};

/**
 * Does what a stream owes now, if anything. The same whether the feed or the scan says so; run twice, it does it once.
 * @param turns renewals by time wait for theirs; absent: they need not
 * @returns seconds until it is worth another look, where the stream itself cannot say
 */
export async function pursue(
  services: ReactionNeeds,
  stream: string,
  turns?: RenewalTurns,
): Promise<number | undefined> {
  const pause = await PURSUE[stream.slice(0, stream.indexOf('/'))]?.(services, stream, turns);
  return typeof pause === 'number' ? pause : undefined;
}

/** The fast path: pursues what a commit makes due at once, and does what follows from its events. */
export async function react(services: ReactionNeeds, { stream, events }: Commit): Promise<void> {
  // Before what names them is purged.
  if (stream.startsWith('certificate/')) await retireCaKeys(services, stream, events);
  if (events.some(({ type }) => PROMPT.has(type))) await pursue(services, stream);
  for (const follow of new Set(events.map(({ type }) => FOLLOWS[type]))) await follow?.(services, stream);
}
