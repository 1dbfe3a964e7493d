import { checkPause, failurePause, isWindow, LATEST_CHECK, LONG_TERM, SOONEST_CHECK } from '../../domain/ari.ts';
import { certificateDecider } from '../../domain/certificate.decide.ts';
import { type LiveCertificate, renewalInfoDueAt } from '../../domain/certificate.ts';
import { issuerDecider, issuerOwner, issuerStream } from '../../domain/issuer.ts';
import { type Instant, plusSeconds, secondsBetween } from '../../domain/time.ts';
import { AcmeError, type RenewalInfo } from '../../ports/acmeServer.ts';
import { endpointOf } from '../issuance/account.ts';
import type { Services } from '../services.ts';

type Needs = Pick<Services, 'ledger' | 'acme' | 'clock' | 'ids' | 'log'>;

/** How a certificate stands after its CA was asked, and when it is asked again. */
export interface Asked {
  readonly state: LiveCertificate;
  readonly checkAt?: Instant;
}

/**
 * Asks the CA for its renewal information (RFC 9773), when that is due, and records a window that is new. What is unchanged is no event. Whatever
 * goes wrong, the certificate is renewed by what is known.
 */
export async function askRenewalInfo(services: Needs, stream: string, state: LiveCertificate): Promise<Asked> {
  const { clock } = services;
  const due = renewalInfoDueAt(state);
  // Of what was just issued it is asked at once, whoever comes first; the index gives the reaction a moment.
  if (!due || (state.renewalInfo && due > clock.now())) return { state, checkAt: due };
  const { info, pause } = await ask(services, stream, state);
  const now = clock.now();
  const checkAt = plusSeconds(now, pause);
  if (!info || !isWindow(info)) return { state, checkAt };
  const { start, end, explanationUrl: explanationURL } = info;
  const { renewalInfo: known } = state;
  // Most answers say what the one before said: the ledger need not be asked for that.
  const same = known?.window.start === start && known.window.end === end && known.explanationURL === explanationURL;
  if (same) return { state, checkAt };
  const { revision } = state.issued!;
  const random = services.ids.random();
  const command = {
    type: 'RecordRenewalInformation',
    revision,
    window: { start, end },
    explanationURL,
    checkAt,
    random,
  } as const;
  const meta = { actor: 'renewal-information', correlationId: stream };
  const handled = await services.ledger.handle(certificateDecider, stream, command, meta);
  return { state: handled.state.status === 'live' ? handled.state : state, checkAt };
}

/** Failures in a row of a CA that may pass by themselves, and until when it is left alone. */
interface Trouble {
  failures: number;
  until: Instant;
}

/** By connection to CAs, then by server: a CA that is down is not asked for each of its certificates, each time until a timeout. */
const troubles = new WeakMap<object, Map<string, Trouble>>();

function troublesOf(acme: object): Map<string, Trouble> {
  const known = troubles.get(acme) ?? new Map<string, Trouble>();
  troubles.set(acme, known);
  return known;
}

/** `info` is absent when the CA said nothing; `pause` in seconds. */
async function ask(
  { ledger, acme, clock, log }: Needs,
  stream: string,
  { issued }: LiveCertificate,
): Promise<{ readonly info?: RenewalInfo; readonly pause: number }> {
  const { issuer, certId } = issued!.acme!;
  const owner = issuerOwner(issuer, stream.split('/')[1]!);
  const spec = (await ledger.load(issuerDecider, issuerStream(owner, issuer.name))).state.spec.acme;
  if (!spec) return { pause: LATEST_CHECK };
  const known = troublesOf(acme);
  const trouble = known.get(spec.server);
  const wait = trouble ? secondsBetween(clock.now(), trouble.until) : 0;
  // Of a clock that was set back, nothing is believed.
  if (wait > 0 && wait <= LONG_TERM) return { pause: Math.max(wait, SOONEST_CHECK) };
  try {
    const info = await acme.renewalInfo(endpointOf(spec), certId!);
    known.delete(spec.server);
    return { info, pause: info ? checkPause(info.retryAfter) : LATEST_CHECK };
  } catch (error) {
    if (!(error instanceof AcmeError)) throw error;
    log.warn('renewal information could not be read', { stream, problem: error.failure.problem.type });
    if (!mayPass(error)) return { pause: LONG_TERM };
    const failures = (trouble?.failures ?? 0) + 1;
    const { retryAt } = error.failure;
    const pause = retryAt ? checkPause(secondsBetween(clock.now(), retryAt)) : failurePause(failures);
    known.set(spec.server, { failures, until: plusSeconds(clock.now(), pause) });
    return { pause };
  }
}

/** RFC 9773 4.3.3: timeouts and errors of the server may pass soon; a refusal, a name that is not found or an answer without sense lasts. */
function mayPass({ failure }: AcmeError): boolean {
  const { type, status = 0 } = failure.problem;
  return type === 'caTimeout' || type === 'rateLimited' || status === 429 || status >= 500;
}
