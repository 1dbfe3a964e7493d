/** A command: who gives it, and the events that it may write. */
export interface CommandEntry {
  readonly by: string;
  readonly writes: readonly string[];
}

/** A kind of stream, with every command that its decider knows. */
export interface StreamEntry {
  readonly category: string;
  readonly stream: string;
  readonly about: string;
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

const by = (who: string, ...writes: string[]): CommandEntry => ({ by: who, writes });

const ORDER = 'step Order';
const CHALLENGE = 'step Challenge';
const STORE = 'step Store';
const STEPS = 'any step';
const REACTION = 'reaction, scan';
const API = 'API';

/** Who writes what. The tests of the deciders prove it: what is written by any sequence of commands is exactly this. */
export const catalogue: readonly StreamEntry[] = [
  {
    category: 'certificate',
    stream: 'certificate/{team}/{name}',
    about:
      'What a team wants, what it has, and which destinations know of it. A uid tells the lives of one name apart.',
    commands: {
      Request: by(API, 'CertificateRequested'),
      Renew: by(`${API}, ${REACTION}`, 'RenewalRequested'),
      RecordRenewalInformation: by(REACTION, 'RenewalInformationRead'),
      ScheduleReplacement: by(`${API}, step Push`, 'ReplacementScheduled'),
      RequestRevocation: by(API, 'RevocationRequested', 'ReplacementScheduled', 'RenewalRequested'),
      RecordRevoked: by(REACTION, 'CertificateRevoked', 'ReplacementScheduled'),
      RecordRevocationFailure: by(REACTION, 'RevocationFailed'),
      FollowTeam: by(REACTION, 'RenewalTimesSet'),
      RecordIssued: by(STORE, 'CertificateIssued', 'CertificateDiscarded'),
      RecordDeliveries: by(REACTION, 'DeliveriesRequested'),
      RecordExpiryNear: by(REACTION, 'ExpiryNeared'),
      RecordKeyExport: by(API, 'KeyExported'),
      Delete: by(API, 'RevocationRequested', 'CertificateDeleted'),
      RecordReleased: by(REACTION, 'DeliveriesReleased'),
      RecordKeysPurged: by(REACTION, 'KeysPurged'),
      RecordPurged: by(REACTION, 'CertificatePurged'),
    },
  },
  {
    category: 'issuance',
    stream: 'issuance/{uid}/{revision}',
    about: 'One revision on its way: its key, its order, its runs.',
    commands: {
      Start: by(REACTION, 'IssuanceRequested', 'RunBegun'),
      BeginRun: by(`${REACTION}, ${API}`, 'RunBegun'),
      RecordKey: by('steps Challenge, Finalize', 'KeySealed'),
      IntendOrder: by(ORDER, 'OrderIntended'),
      RecordOrder: by(ORDER, 'OrderPlaced'),
      AbandonOrder: by('steps Order, Finalize, Store', 'OrderAbandoned'),
      IntendPresentation: by(CHALLENGE, 'PresentationIntended'),
      RecordPresented: by(CHALLENGE, 'ChallengesPresented'),
      RecordAnswered: by(CHALLENGE, 'ChallengesPresented', 'ChallengesAnswered'),
      RecordAuthorized: by('steps Order, Challenge', 'AuthorizationsValidated'),
      RecordInvalid: by(CHALLENGE, 'AuthorizationInvalidated', 'OrderAbandoned'),
      IntendFinalize: by('step Finalize', 'FinalizeIntended'),
      IntendSigning: by('step Finalize', 'SigningIntended'),
      RecordProblem: by(STEPS, 'ProblemRecorded'),
      Defer: by(STEPS, 'RunDeferred'),
      RecordReserved: by(ORDER, 'LimitReserved'),
      RecordReleased: by('steps RecordFailure, Store', 'LimitReleased'),
      RecordCorrected: by(STEPS, 'LimitCorrected'),
      RecordFailure: by('steps RecordFailure, Store', 'IssuanceFailed'),
      RecordSuccess: by(STORE, 'IssuanceSucceeded'),
      Supersede: by(STEPS, 'IssuanceSuperseded'),
      RecordCleanedUp: by('step CleanUp', 'ChallengesCleanedUp'),
    },
  },
  {
    category: 'delivery',
    stream: 'delivery/{destination}',
    about: 'One destination: whose it is, what it shall hold, what it holds.',
    commands: {
      Request: by(REACTION, 'DeliveryRequested', 'RunBegun'),
      Withdraw: by(REACTION, 'WithdrawalRequested', 'RunBegun'),
      BeginRun: by(`${REACTION}, ${API}`, 'RunBegun'),
      RecordConfirmed: by('step Push', 'DeliveryConfirmed', 'RunBegun'),
      RecordRefused: by('step Push', 'DeliveryRefused'),
      RecordFailed: by('steps Push, RecordPushFailure', 'DeliveryFailed'),
      Observe: by('observation', 'DriftDetected', 'RunBegun'),
      Redeliver: by(API, 'RedeliveryRequested', 'RunBegun'),
      RecordWithdrawn: by('step Push', 'DeliveryWithdrawn'),
    },
  },
  {
    category: 'issuer',
    stream: 'issuer/{owner}/{name}',
    about: 'An issuer of a team, or with owner `-` a shared one.',
    commands: {
      Configure: by(API, 'IssuerConfigured'),
      RecordReadiness: by('issuer check', 'IssuerBecameReady', 'IssuerBecameUnready'),
      RecordCaFailure: by('step RecordFailure', 'CaFailureSeen', 'IssuerDiverted'),
      Restore: by('issuer check', 'IssuerRestored'),
      ResumeLimits: by(API, 'LimitsResumed'),
      Delete: by(API, 'IssuerDeleted'),
    },
  },
  {
    category: 'account',
    stream: 'account/{owner}/{issuer}',
    about: "An issuer's account at its CA (RFC 8555 7.1.2).",
    commands: {
      RecordKey: by('issuer check, steps', 'AccountKeySealed'),
      RecordRegistered: by('issuer check, steps', 'AccountRegistered'),
      RequestKeyChange: by(API, 'AccountKeyChangeRequested'),
      PrepareKey: by('reaction', 'AccountKeyPrepared'),
      RecordKeyChanged: by('reaction, steps', 'AccountKeyChanged'),
      RecordKeyChangeFailure: by('reaction', 'AccountKeyChangeFailed'),
    },
  },
  {
    category: 'credential',
    stream: 'credential/{owner}/{name}',
    about: 'A write-only value: where it is sealed and which fields it has, never the value.',
    commands: { RecordSealed: by(API, 'CredentialSealed'), Delete: by(API, 'CredentialDeleted') },
  },
  {
    category: 'cluster',
    stream: 'cluster/{name}',
    about: 'A registered Kubernetes API server.',
    commands: {
      Register: by(API, 'ClusterRegistered'),
      RecordReachable: by('cluster check', 'ClusterBecameReachable'),
      RecordUnreachable: by('cluster check', 'ClusterBecameUnreachable'),
      Remove: by(API, 'ClusterRemoved'),
    },
  },
  {
    category: 'team',
    stream: 'team/{name}',
    about: 'A tenant and its policy.',
    commands: { Put: by(API, 'TeamCreated', 'TeamPolicySet'), Delete: by(API, 'TeamDeleted') },
  },
  {
    category: 'token',
    stream: 'token/{id}',
    about: 'A bearer token: what it may do, and the hash of its secret part.',
    commands: { Issue: by(`${API}, first start`, 'TokenIssued'), Revoke: by(API, 'TokenRevoked') },
  },
  {
    category: 'order',
    stream: 'order/{urlHash}',
    about: 'Which issuance uses an order: a CA may give two equal requests one pending order.',
    commands: { Claim: by(ORDER, 'OrderClaimed') },
  },
];

/** Every `Command -> Event` of a kind of stream, in order. */
export const writesOf = (category: string): string[] =>
  Object.entries(catalogue.find((entry) => entry.category === category)!.commands)
    .flatMap(([command, { writes }]) => writes.map((event) => `${command} -> ${event}`))
    .sort();
