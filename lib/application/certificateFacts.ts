import { certificateDecider } from '../domain/certificate.decide.ts';
import { type CertificateState, certificateStream, type LiveCertificate } from '../domain/certificate.ts';
import type { Decider, DomainEvent } from '../domain/decider.ts';
import { deliveryDecider } from '../domain/delivery.decide.ts';
import { type DeliveryState, deliveryStream } from '../domain/delivery.ts';
import { type Destination, destinationKey } from '../domain/destination.ts';
import { issuanceDecider } from '../domain/issuance.decide.ts';
import { type IssuanceState, issuanceStream } from '../domain/issuance.ts';
import { type IssuerState, issuerDecider, issuerOwner, issuerStream } from '../domain/issuer.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Instant } from '../domain/time.ts';
import type { Loaded } from './ledger.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'ledger' | 'clock'>;

/** Everything that says how a certificate is: its own stream and those that work for it, as of `now`. */
export interface CertificateFacts {
  readonly team: string;
  readonly name: string;
  readonly version: number;
  readonly certificate: LiveCertificate;
  /** The revision on its way. */
  readonly issuance?: IssuanceState;
  readonly issuer: IssuerState;
  readonly deliveries: readonly { readonly destination: Destination; readonly state: DeliveryState }[];
  readonly now: Instant;
}

/** The refusal for a name without a living certificate. */
export const certificateNotFound = (team: string, name: string): Refusal =>
  new Refusal('CertificateNotFound', `team ${team} has no certificate ${name}`, {
    remedy: 'request it first, or look at the list of certificates',
  });

/** The certificate's own stream. */
export const loadCertificate = ({ ledger }: Pick<Needs, 'ledger'>, team: string, name: string) =>
  ledger.load(certificateDecider, certificateStream(team, name));

/**
 * Gathers the facts from the streams themselves, so that whoever wrote reads what was written.
 * @param at reads everything as it was then
 * @throws Refusal `CertificateNotFound`
 */
export async function gatherFacts(
  services: Needs,
  team: string,
  name: string,
  at?: Instant,
): Promise<CertificateFacts> {
  const { state, version } = await loader(services, at)(certificateDecider, certificateStream(team, name));
  return factsOf(services, team, name, { state, version }, at);
}

/** The same around a state that was loaded, or that a command would lead to. @throws Refusal `CertificateNotFound` */
export async function factsOf(
  services: Needs,
  team: string,
  name: string,
  { state, version }: { readonly state: CertificateState; readonly version: number },
  at?: Instant,
): Promise<CertificateFacts> {
  if (state.status !== 'live') throw certificateNotFound(team, name);
  const load = loader(services, at);
  const { issuing, spec, uid } = state;
  const delivery = async (destination: Destination) => {
    const loaded = await load(deliveryDecider, deliveryStream(destinationKey(destination)));
    return { destination, state: loaded.state };
  };
  const [issuance, issuer, deliveries] = await Promise.all([
    issuing && load(issuanceDecider, issuanceStream(uid, issuing.revision)),
    load(issuerDecider, issuerStream(issuerOwner(spec.issuerRef, team), spec.issuerRef.name)),
    Promise.all(spec.destinations.map(delivery)),
  ]);
  const now = at ?? services.clock.now();
  return { team, name, version, certificate: state, issuance: issuance?.state, issuer: issuer.state, deliveries, now };
}

type Load = <C, S, E extends DomainEvent>(decider: Decider<C, S, E>, stream: string) => Promise<Loaded<S>>;

const loader = ({ ledger }: Pick<Needs, 'ledger'>, at: Instant | undefined): Load =>
  at === undefined
    ? (decider, stream) => ledger.load(decider, stream)
    : (decider, stream) => ledger.loadAt(decider, stream, at);
