import { type AccountState, accountDecider, accountStream } from '../domain/account.ts';
import { checkStandIns } from '../domain/failover.ts';
import { type IssuerState, issuerDecider, issuerStream, SHARED } from '../domain/issuer.ts';
import { Refusal } from '../domain/refusal.ts';
import { checkServiceRoles } from '../domain/serviceRole.ts';
import type { IssuerRef, IssuerSpec } from '../domain/spec.ts';
import { issuerWarnings } from './issuerWarnings.ts';
import type { Meta } from './ledger.ts';
import { publicText } from './publicCause.ts';
import type { Condition } from './schema/answers.ts';
import type { Services } from './services.ts';
import { policyFor } from './teamPolicy.ts';

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

/** Its account at its CA, where there is one. */
function accountView({ key, registered, keyChange }: AccountState = {}) {
  if (!key || !registered) return {};
  const { requestedAt, dueAt, problem } = keyChange ?? {};
  const cause = problem && { code: problem.type, detail: publicText(problem.detail) };
  const status = dueAt ? ('pending' as const) : ('failed' as const);
  const changing = keyChange && {
    keyChange: {
      status,
      requestedAt: requestedAt!,
      ...(problem && dueAt && { retryAt: dueAt }),
      ...(cause && { cause }),
    },
  };
  return { account: { url: registered.url, keyThumbprint: key.thumbprint, ...changing } };
}

/** An issuer as answers show it; its account only where somebody asks for this issuer alone. */
export function issuerView(owner: string, name: string, state: IssuerState, account?: AccountState) {
  const { generation, spec } = state;
  const conditions = [readyCondition(state), ...divertedCondition(state)];
  const status = { conditions, ...accountView(account) };
  return { owner, name, kind: kindOf(owner), type: issuerType(spec), generation, spec, status };
}

/** The issuer and its version. @throws Refusal `IssuerNotFound` */
export async function readIssuer({ ledger }: Needs, owner: string, name: string) {
  const { state, version } = await ledger.load(issuerDecider, issuerStream(owner, name));
  if (state.status !== 'configured') throw issuerNotFound(owner, name);
  const { state: account } = await ledger.load(accountDecider, accountStream(`${owner}/${name}`));
  const view = issuerView(owner, name, state, state.spec.acme && account);
  return { version, view: await warned({ ledger }, view) };
}

/**
 * Has the account of an ACME issuer take another key (RFC 8555 7.3.5), which is made where the configuration has such keys made. One that is on its
 * way goes on at once.
 * @throws Refusal `IssuerNotFound`, `IssuerNotAcme`, `AccountNotRegistered`
 */
export async function changeAccountKey(services: Needs, owner: string, name: string, meta: Meta) {
  const { view } = await readIssuer(services, owner, name);
  if (!view.spec.acme) {
    throw new Refusal('IssuerNotAcme', `${view.kind} ${name} has no account at a CA`, {
      remedy: 'name an issuer of type acme',
    });
  }
  await services.ledger.handle(accountDecider, accountStream(`${owner}/${name}`), { type: 'RequestKeyChange' }, meta);
  return readIssuer(services, owner, name);
}

async function warned(services: Needs, view: ReturnType<typeof issuerView>) {
  const warnings = await issuerWarnings(services, view.owner, view.spec);
  return { ...view, ...(warnings.length > 0 && { warnings }) };
}

/** What no issuer may be. @throws Refusal `TeamNotFound`, `ServiceRoleNotAllowed`, `StandInUnfit` */
export async function checkIssuer(services: Needs, owner: string, name: string, spec: IssuerSpec): Promise<void> {
  checkServiceRoles(owner, (await policyFor(services, owner)).policy, spec);
  checkStandIns(spec, { kind: kindOf(owner), name });
}

/** Configures an issuer of a team or, with owner `-`, a shared one. @throws those of {@link checkIssuer}; StaleVersion */
export async function putIssuer(
  services: Needs,
  { owner, name, spec }: { readonly owner: string; readonly name: string; readonly spec: IssuerSpec },
  meta: Meta,
  expected?: number,
) {
  await checkIssuer(services, owner, name, spec);
  const stream = issuerStream(owner, name);
  const before = await services.ledger.load(issuerDecider, stream);
  const command = { type: 'Configure', spec } as const;
  const { state, version, events } = await services.ledger.handle(issuerDecider, stream, command, meta, expected);
  const changed = events.length > 0;
  const created = changed && before.state.status !== 'configured';
  return { version, created, changed, view: await warned(services, issuerView(owner, name, state)) };
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
