import { deliveryDecider } from '../../domain/delivery.decide.ts';
import type { DeliveryState } from '../../domain/delivery.ts';
import { clusterPrefix } from '../../domain/destination.ts';
import { isOfTheCa } from '../../domain/failover.ts';
import { issuanceDecider } from '../../domain/issuance.decide.ts';
import type { IssuanceState } from '../../domain/issuance.ts';
import { issuerLabelAt } from '../../domain/issuerLabel.ts';
import { isOfPolicy } from '../../domain/policy.ts';
import type { IssuerSpec } from '../../domain/spec.ts';
import { eachFailingDelivery, eachFailingIssuance } from '../failing.ts';
import { ISSUERS } from '../projections.ts';
import type { Services } from '../services.ts';
import { recheckIssuer } from './issuer.ts';

type Needs = Pick<Services, 'ledger' | 'views'>;
type IssuerNeeds = Needs & Parameters<typeof recheckIssuer>[0];

/** Issuers of one owner that one turn looks at. */
const ISSUERS_AT_ONCE = 1000;

/** An issuer is well again: what failed for its sake is tried again at once. */
export async function retryRecovered(services: Needs, issuer: string): Promise<void> {
  const [, owner, name] = issuer.split('/') as [string, string, string];
  await retryIssuances(services, issuer, [issuerLabelAt(owner, name)], ({ failure }) =>
    Boolean(failure && (isOfTheCa(failure.problem) || failure.class === 'configuration')),
  );
}

/** A team's policy changed: what it forbade is tried again at once. */
export async function retryForPolicy(services: IssuerNeeds, stream: string): Promise<void> {
  const team = stream.split('/')[1]!;
  const ofTeam = ({ owner }: { readonly owner: string }): boolean => owner === team;
  await recheckUnready(services, team, ({ reason }) => isOfPolicy(String(reason)));
  await eachFailingIssuance(services, ofTeam, async (issuance, state) => {
    if (isOfPolicy(state.failure?.problem.type)) await retryIssuance(services, stream, issuance, state);
  });
  await eachFailingDelivery(services, ofTeam, async (delivery, state) => {
    if (isOfPolicy(state.failure?.reason)) await retryDelivery(services, stream, delivery, state);
  });
}

/** A credential was put: its owner's issuers that refer to it are checked, and what failed for want of it is tried again at once. */
export async function retryForCredential(services: IssuerNeeds, stream: string): Promise<void> {
  const [, owner, name] = stream.split('/') as [string, string, string];
  const refers = await recheckUnready(services, owner, ({ spec }) => refersTo(spec, name));
  const labels = refers.map((issuer) => issuerLabelAt(owner, issuer));
  await retryIssuances(services, stream, labels, ({ failure }) =>
    Boolean(failure && (ownCode(failure.problem.type) || failure.step === 'Order')),
  );
}

/** A cluster answers again, or with its new access: what could not be delivered there is tried again at once. */
export async function retryForCluster(services: Needs, stream: string): Promise<void> {
  const cluster = stream.slice('cluster/'.length);
  const prefix = clusterPrefix(cluster);
  await eachFailingDelivery(
    services,
    ({ key }) => key.startsWith(prefix),
    (delivery, state) => retryDelivery(services, stream, delivery, state),
  );
}

/** What we say begins with a capital; the problems of a CA do not (RFC 8555 6.7), and what it saw is not cured by our credentials. */
const ownCode = (type: string): boolean => /^[A-Z]/.test(type);

/** Whether any member `...SecretRef` of the spec names the credential. */
function refersTo(value: unknown, name: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([member, inner]) =>
      (member.endsWith('SecretRef') && (inner as { name?: string } | null)?.name === name) || refersTo(inner, name),
  );
}

/** Checks the owner's issuers that are meant and not ready. @returns names of all that are meant */
async function recheckUnready(
  services: IssuerNeeds,
  owner: string,
  meant: (doc: { readonly spec: IssuerSpec; readonly reason?: unknown }) => boolean,
): Promise<string[]> {
  const rows = await services.views.list(ISSUERS, { owner, limit: ISSUERS_AT_ONCE });
  const found = rows.filter(({ doc }) => meant({ spec: doc.spec as IssuerSpec, reason: doc.reason }));
  for (const { key, doc } of found) if (doc.ready !== 'ready') await recheckIssuer(services, `issuer/${key}`);
  return found.map(({ doc }) => doc.name as string);
}

async function retryIssuances(
  services: Needs,
  cause: string,
  issuers: readonly string[],
  cured: (state: IssuanceState) => boolean,
): Promise<void> {
  if (issuers.length === 0) return;
  await eachFailingIssuance(
    services,
    ({ issuer }) => issuer !== undefined && issuers.includes(issuer),
    async (stream, state) => {
      if (cured(state)) await retryIssuance(services, cause, stream, state);
    },
  );
}

/** @param cause the stream whose change asks for it */
async function retryIssuance({ ledger }: Needs, cause: string, stream: string, { run }: IssuanceState): Promise<void> {
  const command = { type: 'BeginRun', after: run, force: true } as const;
  await ledger.handle(issuanceDecider, stream, command, { actor: 'reaction', correlationId: cause });
}

async function retryDelivery({ ledger }: Needs, cause: string, stream: string, { run }: DeliveryState): Promise<void> {
  const command = { type: 'BeginRun', after: run, force: true } as const;
  await ledger.handle(deliveryDecider, stream, command, { actor: 'reaction', correlationId: cause });
}
