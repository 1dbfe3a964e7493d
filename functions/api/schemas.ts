import type { z } from 'zod';
import {
  appliedAnswer,
  certificateAnswer,
  certificateSummary,
  clusterAnswer,
  credentialAnswer,
  healthAnswer,
  issuedTokenAnswer,
  issuerAnswer,
  page,
  redeliveredAnswer,
  redrivenAnswer,
  teamAnswer,
  timelineAnswer,
  tokenAnswer,
  versionAnswer,
} from '../../lib/application/schema/answers.ts';
import { applyBody } from '../../lib/application/schema/apply.ts';
import { certificateBody } from '../../lib/application/schema/certificate.ts';
import { clusterBody } from '../../lib/application/schema/cluster.ts';
import { credentialBody } from '../../lib/application/schema/credential.ts';
import { incidentsAnswer } from '../../lib/application/schema/incidents.ts';
import { issuerBody } from '../../lib/application/schema/issuer.ts';
import { limitsAnswer, limitsResumedAnswer, resumeLimitsBody } from '../../lib/application/schema/limits.ts';
import { problem } from '../../lib/application/schema/problem.ts';
import { redeliverBody } from '../../lib/application/schema/redeliver.ts';
import { redriveBody } from '../../lib/application/schema/redrive.ts';
import { replaceBody, replacementsAnswer } from '../../lib/application/schema/replace.ts';
import { revokeBody } from '../../lib/application/schema/revoke.ts';
import { teamBody } from '../../lib/application/schema/team.ts';
import { tokenBody } from '../../lib/application/schema/token.ts';

/** Bodies that are sent, by their names in the OpenAPI document. */
export const INPUTS: Readonly<Record<string, z.ZodType>> = {
  CertificateInput: certificateBody,
  IssuerInput: issuerBody,
  CredentialInput: credentialBody,
  ClusterInput: clusterBody,
  TeamInput: teamBody,
  TokenInput: tokenBody,
  ApplyInput: applyBody,
  RedeliverInput: redeliverBody,
  RedriveInput: redriveBody,
  ReplacementsInput: replaceBody,
  ResumeLimitsInput: resumeLimitsBody,
  RevokeInput: revokeBody,
};

/** Bodies that are answered. */
export const OUTPUTS: Readonly<Record<string, z.ZodType>> = {
  Certificate: certificateAnswer,
  CertificateList: page(certificateSummary),
  Timeline: timelineAnswer,
  Incidents: incidentsAnswer,
  Issuer: issuerAnswer,
  IssuerList: page(issuerAnswer),
  Limits: limitsAnswer,
  LimitsResumed: limitsResumedAnswer,
  Credential: credentialAnswer,
  CredentialList: page(credentialAnswer),
  Cluster: clusterAnswer,
  ClusterList: page(clusterAnswer),
  Team: teamAnswer,
  TeamList: page(teamAnswer),
  Token: tokenAnswer,
  TokenList: page(tokenAnswer),
  IssuedToken: issuedTokenAnswer,
  Applied: appliedAnswer,
  Redelivered: redeliveredAnswer,
  Redriven: redrivenAnswer,
  Replacements: replacementsAnswer,
  Version: versionAnswer,
  Health: healthAnswer,
  Problem: problem,
};
