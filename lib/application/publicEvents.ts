import type { CertificateEvent } from '../domain/certificate.ts';
import type { DeliveryEvent } from '../domain/delivery.ts';
import { destinationNameOfKey } from '../domain/destination.ts';
import { type Found, KEEPS_CHANGING } from '../domain/drift.ts';
import type { IssuanceEvent } from '../domain/issuance.ts';
import type { Instant } from '../domain/time.ts';
import { adviceFor } from './advice.ts';
import { publicCause, publicText } from './publicCause.ts';
import { askedFor } from './reasons.ts';
import type { TimelineEvent } from './schema/answers.ts';

/** An event as tenants may read it, without when and by whom. Nothing for what they need not know. */
export type Told = Omit<TimelineEvent, 'at' | 'actor'>;

/** What a certificate's own event tells. */
export function tellCertificate(event: CertificateEvent): Told[] {
  switch (event.type) {
    case 'CertificateRequested': {
      const { generation, revision, reason } = event;
      if (!revision) return [{ type: 'changed', message: `Spec ${generation} needs no new certificate` }];
      return [{ type: 'requested', message: askedFor(reason ?? 'NeverIssued'), revision }];
    }
    case 'RenewalTimesSet':
      return [{ type: 'changed', message: "The times of renewal are the team's, which changed" }];
    case 'RenewalRequested':
      return [{ type: 'requested', message: askedFor(event.reason), revision: event.revision }];
    case 'CertificateIssued': {
      const { revision, serial, notAfter } = event;
      return [{ type: 'issued', message: `Issued: serial ${serial}, valid until ${notAfter}`, revision }];
    }
    case 'RenewalInformationRead': {
      const { revision, window, renewAt, explanationURL } = event;
      const why = explanationURL === undefined ? '' : `: see ${publicText(explanationURL)}`;
      const message = `The CA suggests a renewal between ${window.start} and ${window.end}${why}`;
      return [{ type: 'renewalInformation', message: `${message}; it is planned for ${renewAt}`, revision }];
    }
    case 'ReplacementScheduled': {
      const { revision, reason, at } = event;
      return [{ type: 'replacing', message: `Replaced from ${at} on: ${reason}`, revision }];
    }
    case 'RevocationRequested': {
      const { revision, reason } = event;
      return [{ type: 'revoking', message: `To be revoked: ${reason}`, revision }];
    }
    case 'RevocationFailed': {
      const { revision, problem, retryAt } = event;
      const cause = publicCause(problem, event.class);
      return [
        { type: 'failed', message: `Not revoked: ${cause.detail}`, revision, cause, ...(retryAt && { retryAt }) },
      ];
    }
    case 'CertificateRevoked':
      return [{ type: 'revoked', message: `Revoked: ${event.reason}`, revision: event.revision }];
    case 'CertificateDiscarded':
      return [{ type: 'discarded', message: `Not used: ${event.reason}`, revision: event.revision }];
    case 'DeliveriesRequested':
      return event.taken.map(({ destination }) => ({
        type: 'failed',
        message: 'Not delivered: another certificate has the destination',
        destination: destinationNameOfKey(destination),
        cause: {
          code: 'DestinationTaken',
          detail: 'another certificate has the destination',
          remedy: adviceFor('DestinationTaken'),
        },
      }));
    case 'ExpiryNeared': {
      const { notAfter, revision } = event;
      return [{ type: 'expiring', message: `Ends ${notAfter}, and its renewal has not succeeded yet`, revision }];
    }
    case 'KeyExported':
      return [{ type: 'keyExported', message: 'The private key was exported', revision: event.revision }];
    case 'CertificateDeleted': {
      const when = event.until ? ` from ${event.until} on` : '';
      const copies = event.withdraw ? `delivered copies are taken away${when}` : 'delivered copies stay';
      return [{ type: 'deleted', message: `Deleted: ${copies}` }];
    }
    case 'CertificatePurged':
      return [{ type: 'purged', message: 'Keys and certificates of what was deleted are kept no more' }];
    default:
      return [];
  }
}

/** What an issuance's event tells. Order URLs, tokens and keys stay where they are. */
export function tellIssuance(event: IssuanceEvent, alone: boolean): Told[] {
  switch (event.type) {
    case 'IssuanceRequested': {
      const { issuer, insteadOf } = event;
      if (!insteadOf) return [];
      return [{ type: 'standIn', message: `${issuer.kind} ${issuer.name} issues in the place of ${insteadOf.name}` }];
    }
    case 'RunBegun':
      return alone ? [{ type: 'retried', message: `Attempt ${event.run} begins`, run: event.run }] : [];
    case 'OrderPlaced':
      return [{ type: 'ordered', message: `Ordered: ${counted(event.authorizations.length, 'name')} to prove` }];
    case 'ChallengesPresented':
      return [{ type: 'presented', message: `Presented ${counted(event.authorizations.length, 'challenge')}` }];
    case 'ChallengesAnswered':
      return [{ type: 'validating', message: 'The CA checks control of the names' }];
    case 'AuthorizationsValidated':
      return [{ type: 'validated', message: 'Control of every name is proved' }];
    case 'AuthorizationInvalidated': {
      const { identifier, problem } = event;
      const told = publicCause({ identifier, ...problem });
      return [{ type: 'invalid', message: `Control of ${identifier.value} was not proved`, cause: told }];
    }
    case 'FinalizeIntended':
    case 'SigningIntended':
      return [{ type: 'signing', message: 'The certificate is being signed' }];
    case 'RunDeferred': {
      const { reason, dueAt, run, detail } = event;
      const why = detail ? publicText(detail) : 'it takes longer than one attempt lasts';
      const cause = { code: reason, detail: why, remedy: adviceFor(reason) };
      return [{ type: 'deferred', message: `Waiting: ${reason}`, run, cause, retryAt: dueAt }];
    }
    case 'IssuanceFailed': {
      const { run, problem, retryAt } = event;
      const cause = publicCause(problem, event.class);
      return [{ type: 'failed', message: `Attempt ${run} failed: ${cause.detail}`, run, cause, retryAt }];
    }
    case 'IssuanceSuperseded':
      return [{ type: 'superseded', message: `Given up: ${event.reason}` }];
    case 'ChallengesCleanedUp':
      return [{ type: 'cleanedUp', message: 'What was presented is removed' }];
    default:
      return [];
  }
}

/** What a delivery's event tells the certificate that has the destination. */
export function tellDelivery(event: DeliveryEvent, alone: boolean): Told[] {
  switch (event.type) {
    case 'DeliveryRequested':
      return [{ type: 'delivering', message: 'Being delivered', revision: event.revision }];
    case 'RunBegun':
      return alone ? [{ type: 'retried', message: 'Delivered again', run: event.run }] : [];
    case 'DeliveryConfirmed':
      return [{ type: 'delivered', message: 'Delivered, and confirmed by the destination', revision: event.revision }];
    case 'DeliveryRefused':
      return [notDelivered(event.reason, event.message, event.retryAt, adviceFor(event.reason, 'person'))];
    case 'DeliveryFailed': {
      const { problem, retryAt } = event;
      return [notDelivered(problem.type, problem.detail, retryAt, adviceFor(problem.type, event.class))];
    }
    case 'DriftDetected':
      return [drifted(event)];
    case 'RedeliveryRequested':
      return [{ type: 'delivering', message: 'Being delivered again: somebody asked for it' }];
    case 'WithdrawalRequested':
      return [{ type: 'released', message: event.keep ? 'Let go: the copy stays' : 'Being taken away' }];
    case 'DeliveryWithdrawn':
      return [{ type: 'withdrawn', message: 'Taken away' }];
    default:
      return [];
  }
}

/** What was found in the copy's place. */
const FOUND: Readonly<Record<Found, string>> = {
  missing: 'The copy is gone',
  changed: 'Something else changed the copy',
  foreign: 'Something else stands in the place of the copy',
};

function drifted({ found, entries = [], retryAt }: Extract<DeliveryEvent, { type: 'DriftDetected' }>): Told {
  const what = `${FOUND[found]}${found === 'changed' && entries.length > 0 ? ` (${entries.join(', ')})` : ''}`;
  if (!retryAt) return { type: 'drifted', message: `${what}: it is delivered again` };
  const cause = { code: KEEPS_CHANGING, detail: what, remedy: adviceFor(KEEPS_CHANGING, 'person') };
  return { type: 'drifted', message: `${what} once more: it is delivered again at ${retryAt}`, cause, retryAt };
}

function notDelivered(code: string, message: string, retryAt: Instant, remedy: string): Told {
  const detail = publicText(message);
  return { type: 'failed', message: `Not delivered: ${detail}`, cause: { code, detail, remedy }, retryAt };
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
