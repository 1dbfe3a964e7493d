import { type IssuerState, issuerDecider, issuerStream, SHARED } from '../domain/issuer.ts';
import { Refusal } from '../domain/refusal.ts';
import { checkServiceRoles } from '../domain/serviceRole.ts';
import type { IssuerRef, IssuerSpec } from '../domain/spec.ts';
import type { Meta } from './ledger.ts';
import { publicText } from './publicCause.ts';
import type { Condition } from './schema/answers.ts';
import type { Services } from './services.ts';
import { policyFor } from './teams.ts';

type Needs = Pick<Services, 'ledger'>;

export const kindOf = (owner: string): IssuerRef['kind'] => (owner === SHARED ? 'ClusterIssuer' : 'Issuer');

export const issuerType = ({ acme, ca }: IssuerSpec): 'acme' | 'ca' | 'selfSigned' =>
  acme ? 'acme' : ca ? 'ca' : 'selfSigned';

/** cert-manager's reasons and words for an issuer that is ready. */
const READY: Readonly<Record<ReturnType<typeof issuerType>, readonly [reason: string, message: string]>> = {
  acme: ['ACMEAccountRegistered', 'The ACME account was registered with the ACME server'],
  ca: ['KeyPairVerified', 'Signing CA verified'],
  selfSigned: ['IsReady', 'Ready to sign'],
};

/** The Ready condition of an issuer, as cert-manager words it. */
export function readyCondition({ spec, ready, reason, message, since }: IssuerState): Condition {
  const base = { type: 'Ready', lastTransitionTime: since };
  if (ready === 'unknown') {
    return { ...base, status: 'Unknown', reason: 'Checking', message: 'The issuer is being checked' };
  }
  if (ready === 'unready')
    return { ...base, status: 'False', reason: reason ?? 'NotReady', message: publicText(message ?? '') };
  const [why, words] = READY[issuerType(spec)];
  return { ...base, status: 'True', reason: why, message: words };
}

/** Present only while others stand in for the issuer. */
function divertedCondition({ diverted, spec }: IssuerState): Condition[] {
  if (!diverted) return [];
  const others = spec.failover?.to.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const message = `${others} may issue in its place, until ${diverted.backAt} at least`;
  return [{ type: 'Diverted', status: 'True', reason: diverted.reason, message, lastTransitionTime: diverted.since }];
}

/** An issuer as answers show it. */
export function issuerView(owner: string, name: string, state: IssuerState) {
  const { generation, spec } = state;
  const status = { conditions: [readyCondition(state), ...divertedCondition(state)] };
  return { owner, name, kind: kindOf(owner), type: issuerType(spec), generation, spec, status };
}

/** The issuer and its version. @throws Refusal `IssuerNotFound` */
export async function readIssuer({ ledger }: Needs, owner: string, name: string) {
  const { state, version } = await ledger.load(issuerDecider, issuerStream(owner, name));
  if (state.status !== 'configured') throw issuerNotFound(owner, name);
  return { version, view: issuerView(owner, name, state) };
}

/** Configures an issuer of a team or, with owner `-`, a shared one. @throws Refusal `TeamNotFound`, `ServiceRoleNotAllowed`; StaleVersion */
export async function putIssuer(
  services: Needs,
  { owner, name, spec }: { readonly owner: string; readonly name: string; readonly spec: IssuerSpec },
  meta: Meta,
  expected?: number,
) {
  checkServiceRoles(owner, (await policyFor(services, owner)).policy, spec);
  const stream = issuerStream(owner, name);
  const before = await services.ledger.load(issuerDecider, stream);
  const command = { type: 'Configure', spec } as const;
  const { state, version, events } = await services.ledger.handle(issuerDecider, stream, command, meta, expected);
  const changed = events.length > 0;
  const created = changed && before.state.status !== 'configured';
  return { version, created, changed, view: issuerView(owner, name, state) };
}

/** Deletes an issuer; certificates that it issued stay. @throws Refusal `IssuerNotFound`; StaleVersion */
export async function deleteIssuer(
  { ledger }: Needs,
  owner: string,
  name: string,
  meta: Meta,
  expected?: number,
): Promise<void> {
  const { events } = await ledger.handle(issuerDecider, issuerStream(owner, name), { type: 'Delete' }, meta, expected);
  if (events.length === 0) throw issuerNotFound(owner, name);
}

/** The refusal for an issuer that is not there. */
export const issuerNotFound = (owner: string, name: string): Refusal =>
  new Refusal('IssuerNotFound', `there is no ${kindOf(owner)} ${name}`, { remedy: 'look at the list of issuers' });
