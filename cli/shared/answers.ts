import type { z } from 'zod';
import type * as answers from '../../lib/application/schema/answers.ts';

/** What the service answers, by its own schemas. */
export type Certificate = z.output<typeof answers.certificateAnswer>;
export type Issuer = z.output<typeof answers.issuerAnswer>;
export type Credential = z.output<typeof answers.credentialAnswer>;
export type Cluster = z.output<typeof answers.clusterAnswer>;
export type Team = z.output<typeof answers.teamAnswer>;
export type IssuedToken = z.output<typeof answers.issuedTokenAnswer>;
export type Timeline = z.output<typeof answers.timelineAnswer>;
export type Applied = z.output<typeof answers.appliedAnswer>;
export type ServiceVersion = z.output<typeof answers.versionAnswer>;
export type {
  CertificateSummary,
  Condition,
  TimelineEvent,
  TokenAnswer,
} from '../../lib/application/schema/answers.ts';
