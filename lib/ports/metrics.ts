import type { IssueReason } from '../domain/renewal.ts';

/** Numbers about one thing: the whole installation, or one team or one issuer of it. */
export interface Measurement {
  readonly team?: string;
  /** `team/name`, or the name alone of one that is shared. */
  readonly issuer?: string;
  /** Why the revision was asked for, where the numbers are of one: a word of {@link IssueReason}. Whom a further name costs leaves it out. */
  readonly reason?: IssueReason;
  /** By name; an absent one is left out. */
  readonly metrics: Readonly<Record<string, number | undefined>>;
}

/** Hands numbers to whoever watches the installation. Contract: it costs next to nothing, waits for nobody and does not throw. */
export type Metrics = (measured: readonly Measurement[]) => void;
