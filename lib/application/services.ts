import type { AcmeLifecycle, AcmeServer } from '../ports/acmeServer.ts';
import type { CaaRecords } from '../ports/caaRecords.ts';
import type { ChallengeTokens, Holders } from '../ports/challengeTokens.ts';
import type { Clusters } from '../ports/clusters.ts';
import type { Destinations } from '../ports/destinations.ts';
import type { DnsProvider } from '../ports/dnsProvider.ts';
import type { EventStore } from '../ports/eventStore.ts';
import type { KeyMaker } from '../ports/keyMaker.ts';
import type { LimitRows } from '../ports/limitRows.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { SecretVault } from '../ports/secretVault.ts';
import type { Clock, Ids, Log } from '../ports/system.ts';
import type { Views } from '../ports/views.ts';
import type { Workflows } from '../ports/workflows.ts';
import type { X509 } from '../ports/x509.ts';
import type { Ledger } from './ledger.ts';

/** Everything the application acts through. A use case asks for the few members that it needs. */
export interface Services {
  /** Marks what this installation made: `chancery-<instance>` is the field manager in clusters. */
  readonly instance: string;
  readonly ledger: Ledger;
  readonly store: EventStore;
  readonly views: Views;
  readonly vault: SecretVault;
  readonly workflows: Workflows;
  readonly acme: AcmeServer & Pick<AcmeLifecycle, 'changeKey' | 'renewalInfo' | 'revoke'>;
  readonly dns: DnsProvider;
  readonly caa: CaaRecords;
  readonly challengeTokens: ChallengeTokens;
  readonly holders: Holders;
  readonly limits: LimitRows;
  readonly x509: X509;
  /** Makes the keys of new ACME accounts. Absent: they are made here, and lie in the vault. */
  readonly accountKeys?: KeyMaker;
  /** Makes the keys of new certificates that are CAs. Absent: as those of all certificates. */
  readonly caKeys?: KeyMaker;
  readonly destinations: Destinations;
  readonly clusters: Clusters;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Told of outcomes, where somebody counts them. */
  readonly metrics?: Metrics;
}
