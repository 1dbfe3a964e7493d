import { inLanes } from '../../async/lanes.ts';
import { identifiersOf } from '../../domain/identifier.ts';
import { parseIp } from '../../domain/ip.ts';
import type { Presentation } from '../../domain/issuance.ts';
import { withoutWildcard } from '../../domain/names.ts';
import type { Problem } from '../../domain/problem.ts';
import { classOf } from '../../domain/problem.ts';
import { quoted } from '../../domain/quoted.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { AcmeIssuerSpec } from '../../domain/spec.ts';
import type { AcmeAccount, Authorization, Order } from '../../ports/acmeServer.ts';
import { countFailures } from '../limits/count.ts';
import { done, failed, type Outcome } from '../outcome.ts';
import type { Services } from '../services.ts';
import { acmeAccount, endpointOf } from './account.ts';
import { sealedKey } from './key.ts';
import { type IssuerAt, plan, present, unpublished } from './presentations.ts';
import { type IssueInput, poll, type Run, requireIssuer, step, waitOrDefer } from './run.ts';

type Needs = Pick<
  Services,
  | 'ledger'
  | 'vault'
  | 'store'
  | 'acme'
  | 'x509'
  | 'accountKeys'
  | 'dns'
  | 'challengeTokens'
  | 'holders'
  | 'limits'
  | 'clock'
  | 'ids'
>;

interface Context {
  readonly spec: AcmeIssuerSpec;
  readonly account: AcmeAccount;
  readonly issuer: IssuerAt;
}

/**
 * Step Challenge: proves control of every name at once (RFC 8555 7.5): present, see it published, tell the CA, and poll the order until it is
 * ready. The key is made while the CA validates.
 */
export function challenge(services: Needs, input: IssueInput): Promise<Outcome> {
  return step(services, 'Challenge', input, async (run) => {
    const issuer = requireIssuer(run);
    const { acme } = issuer.spec;
    if (!acme) return done;
    if (run.issuance.authorized) return done;
    if (!run.issuance.order) return orderGone(run);
    const { name } = run.issuance.issuer;
    const account = await acmeAccount(services, run.owner, name, acme);
    const at = { owner: run.owner, name, generation: issuer.generation, solvers: acme.solvers };
    const context = { spec: acme, account, issuer: at };
    const published = run.issuance.answered.length > 0 || (await showAndAnswer(services, run, context));
    if (!published) return waitOrDefer(services, run, input.challenge, 'DnsNotPublished');
    return validate(services, run, context, input);
  });
}

async function orderGone(run: Run): Promise<Outcome> {
  const problem = { type: 'orderGone', detail: 'the order went away before its challenges were met' };
  await run.record({ type: 'RecordProblem', run: run.number, step: 'Challenge', class: 'now', problem });
  return failed;
}

/** Answers false when some name server does not show a value yet. */
async function showAndAnswer(services: Needs, run: Run, { spec, account, issuer }: Context): Promise<boolean> {
  const endpoint = endpointOf(spec);
  const urls = run.issuance.order!.authorizations;
  const all = await inLanes(urls, (url) => services.acme.authorization(endpoint, account, url));
  const pending = all.filter((authorization) => authorization.status === 'pending');
  for (const authorization of pending) checkAsked(run, authorization);
  const planned = await plannedFor(services, run, issuer, account, pending);
  if (planned.length > 0) {
    await run.record({ type: 'IntendPresentation', run: run.number, presentations: planned });
    await present(services, issuer, run.stream, planned);
    if (!(await published(services, run, issuer, planned))) return false;
  }
  const open = planned.filter((p) => !begun(pending, p));
  // The key is made and sealed while the CA is told and validates, so that the first poll often finds it done.
  const [sealed] = await Promise.all([
    run.certificate.spec.request ? [] : sealedKey(services, run).then((key) => key.sealed),
    inLanes(open, (p) => services.acme.answer(endpoint, account, p.challengeUrl)),
  ]);
  const answered = planned.map((p) => p.authorization);
  await run.record({ type: 'RecordAnswered', run: run.number, authorizations: answered }, ...sealed);
  return true;
}

/** Whether every name server shows the values. That they are presented is recorded where that takes its time, and otherwise with the answers. */
async function published(
  services: Needs,
  run: Run,
  issuer: IssuerAt,
  planned: readonly Presentation[],
): Promise<boolean> {
  const ask = () => unpublished(services, issuer, planned);
  if ((await ask()).length === 0) return true;
  const authorizations = planned.map((p) => p.authorization);
  await run.record({ type: 'RecordPresented', run: run.number, authorizations });
  const missing = await poll(ask, (values) => values.length === 0);
  return missing.length === 0;
}

/** Nothing is shown for a name that was not asked for: the CA is whatever the issuer names. @throws Refusal `AuthorizationNotAsked` */
function checkAsked({ certificate }: Run, { identifier: { type, value } }: Authorization): void {
  const name = bare(value);
  const asked = identifiersOf(certificate.spec).some((one) => one.type === type && bare(one.value) === name);
  if (!asked) throw new Refusal('AuthorizationNotAsked', `the CA wants a proof for ${quoted(value)}, not asked for`);
}

/** A wildcard is proved at the name below which it stands. */
const bare = (name: string): string => parseIp(name) ?? withoutWildcard(name);

/** What an earlier try of this run planned stays as it was planned; only new authorizations are planned now. */
async function plannedFor(
  services: Needs,
  run: Run,
  issuer: IssuerAt,
  account: AcmeAccount,
  pending: readonly Authorization[],
): Promise<Presentation[]> {
  const urls = new Set(pending.map((authorization) => authorization.url));
  const known = run.issuance.presentations.filter(
    (p) => urls.has(p.authorization) && p.issuerGeneration === issuer.generation,
  );
  const knownUrls = new Set(known.map((p) => p.authorization));
  const fresh = pending.filter((authorization) => !knownUrls.has(authorization.url));
  return [...known, ...(await plan(services, issuer, account, fresh))];
}

/** Whether the CA already validates: its challenge must not be answered again. */
function begun(authorizations: readonly Authorization[], { authorization, challengeUrl }: Presentation): boolean {
  const found = authorizations.find((a) => a.url === authorization)?.challenges.find((c) => c.url === challengeUrl);
  return found !== undefined && found.status !== 'pending';
}

async function validate(services: Needs, run: Run, context: Context, input: IssueInput): Promise<Outcome> {
  const { spec, account } = context;
  const { url } = run.issuance.order!;
  const ask = (): Promise<Order> => services.acme.order(endpointOf(spec), account, url);
  const order = await poll(ask, (answer) => answer.status !== 'pending' || answer.retryAfter !== undefined);
  switch (order.status) {
    case 'pending':
      return waitOrDefer(services, run, input.challenge, 'CaStillValidating', order.retryAfter);
    case 'invalid':
      return invalid(services, run, context, order);
    default:
      await run.record({ type: 'RecordAuthorized', run: run.number, expires: order.expires });
      return done;
  }
}

/** Asks each authorization why, records every cause, and gives up the order: a challenge cannot be tried again (RFC 8555 7.1.6). */
async function invalid(services: Needs, run: Run, { spec, account }: Context, order: Order): Promise<Outcome> {
  const all = await inLanes(order.authorizations, (url) => services.acme.authorization(endpointOf(spec), account, url));
  const problems = all.filter((a) => a.status !== 'valid' && a.status !== 'pending').map(problemOf);
  const first: Problem = problems[0] ??
    order.problem?.problem ?? { type: 'orderInvalid', detail: 'the CA set the order to invalid' };
  const failure = order.problem && problems.length === 0 ? order.problem.class : classOf(first);
  const detail = problems.length > 1 ? `${first.detail} (and ${problems.length - 1} more names)` : first.detail;
  const problem = { ...first, detail };
  await Promise.all([
    run.record(
      { type: 'RecordInvalid', run: run.number, url: order.url, problems },
      { type: 'RecordProblem', run: run.number, step: 'Challenge', class: failure, problem },
    ),
    countFailures(services, run, spec, account, problems),
  ]);
  return failed;
}

function problemOf({ identifier, status, challenges }: Authorization): Problem {
  const broken = challenges.find((challenge) => challenge.problem)?.problem?.problem;
  const problem = broken ?? { type: 'unauthorized', detail: `the authorization is ${status}` };
  return { ...problem, identifier };
}
