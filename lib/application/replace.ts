import { inLanes } from '../async/lanes.ts';
import { certificateDecider } from '../domain/certificate.decide.ts';
import type { LiveCertificate } from '../domain/certificate.ts';
import { globMatches } from '../domain/glob.ts';
import { issuanceDecider } from '../domain/issuance.decide.ts';
import { issuanceStream } from '../domain/issuance.ts';
import { issuerDecider, issuerOwner, issuerStream } from '../domain/issuer.ts';
import { issuerLabel, issuerPlaceOf } from '../domain/issuerLabel.ts';
import { Refusal } from '../domain/refusal.ts';
import type { ReplacementReason } from '../domain/renewal.ts';
import { type Instant, millis, plusSeconds } from '../domain/time.ts';
import { certificateNotFound, loadCertificate } from './certificateFacts.ts';
import { issuerNotFound } from './issuers.ts';
import type { Meta } from './ledger.ts';
import { list } from './lists.ts';
import { CERTIFICATES } from './projections.ts';
import { isRebuilding } from './rebuild.ts';
import type { ReplacementsAnswer } from './schema/replace.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'x509' | 'clock'>;

/** Which certificates: those that fit everything that is named. */
export interface ReplacementScope {
  readonly issuer?: string;
  readonly ca?: string;
  readonly key?: string;
  readonly name?: string;
  readonly team?: string;
  /** Issued before it: what was replaced since is left alone. */
  readonly issuedBefore?: Instant;
}

/** What is to be done with them. */
export interface ReplacementOrder {
  readonly reason: ReplacementReason;
  readonly perHour: number;
  /** Whether it is done; otherwise it is planned alone. */
  readonly confirm: boolean;
}

/** Certificates that one request may replace. */
const MOST = 10_000;
const PAGE = 500;
const HOUR = 3600;

interface Candidate {
  readonly stream: string;
  readonly team: string;
  readonly name: string;
  readonly state: LiveCertificate;
}

/**
 * Has a whole set of certificates replaced, at a bounded rate: each gets its own instant on the ledger, the shortest life left first, so that nobody
 * has to stay and watch. What is planned for the same reason already keeps its instant: whoever is interrupted calls again.
 * @throws Refusal `RebuildUnderWay`, `TooManyCertificates`, `CertificateNotFound`, `IssuerNotFound`, `KeyUnknown`
 */
export async function replaceCertificates(
  services: Needs,
  scope: ReplacementScope,
  { reason, perHour, confirm }: ReplacementOrder,
  meta: Meta,
): Promise<ReplacementsAnswer> {
  const wanted = (await candidates(services, scope)).sort(byLifeLeft);
  if (wanted.length === 0 && scope.issuer !== undefined) await requireIssuer(services, scope.issuer);
  const open = wanted.filter(({ state }) => !isPlanned(state, reason));
  const from = services.clock.now();
  const plan = open.map((one, index) => ({ ...one, at: plusSeconds(from, (index * HOUR) / perHour) }));
  if (confirm) {
    await inLanes(plan, async ({ stream, state, at }) => {
      const command = { type: 'ScheduleReplacement', revision: state.issued!.revision, reason, at } as const;
      await services.ledger.handle(certificateDecider, stream, command, meta);
    });
  }
  const items = plan.map(({ team, name, state, at }) => {
    const { revision, notAfter } = state.issued!;
    return { team, name, revision, notAfter, at };
  });
  const ends = items.length > 0 ? { from: items[0]!.at, until: items.at(-1)!.at } : {};
  const planned = wanted.length - open.length;
  return { confirmed: confirm, reason, count: items.length, perHour, ...ends, items, planned };
}

const isPlanned = ({ issuing, replacements = [] }: LiveCertificate, reason: ReplacementReason): boolean =>
  issuing?.reason === reason || replacements.some((one) => one.reason === reason);

function byLifeLeft(a: Candidate, b: Candidate): number {
  const [one, other]: [Instant, Instant] = [a.state.issued!.notAfter, b.state.issued!.notAfter];
  return one < other ? -1 : one > other ? 1 : a.stream < b.stream ? -1 : 1;
}

/** The view says which may fit; the ledger which do. */
async function candidates(services: Needs, scope: ReplacementScope): Promise<Candidate[]> {
  if (await isRebuilding(services)) {
    throw new Refusal('RebuildUnderWay', 'the views are being made anew, and do not name every certificate yet', {
      remedy: 'wait until the rebuild is done',
    });
  }
  const conditions = await conditionsOf(services, scope);
  const found: Candidate[] = [];
  let after: string | undefined;
  do {
    const page = await list(services, CERTIFICATES, {
      owner: scope.team,
      limit: PAGE,
      after,
      take: ({ key, owner, doc }) =>
        scope.name === undefined || matchesName(scope.name, doc)
          ? { key, team: owner, name: String(doc.name) }
          : undefined,
    });
    const read = await inLanes(page.items, async ({ key, team, name }) => {
      const stream = `certificate/${key}`;
      const { state } = await services.ledger.load(certificateDecider, stream);
      if (state.status !== 'live' || !state.issued) return undefined;
      const candidate = { stream, team, name, state };
      for (const holds of conditions) if (!(await holds(candidate))) return undefined;
      return candidate;
    });
    found.push(...read.filter((one) => one !== undefined));
    if (found.length > MOST) {
      throw new Refusal('TooManyCertificates', `more than ${MOST} certificates fit`, { remedy: 'name a team as well' });
    }
    after = page.after;
  } while (after !== undefined);
  return found;
}

function matchesName(pattern: string, doc: Readonly<Record<string, unknown>>): boolean {
  const dnsNames = Array.isArray(doc.dnsNames) ? doc.dnsNames.map(String) : [];
  return [String(doc.name), ...dnsNames].some((name) => globMatches(pattern, name));
}

/** Nothing is issued by an issuer that is not there, nor ever was: more likely its name is misspelt. */
async function requireIssuer({ ledger }: Needs, label: string): Promise<void> {
  const [owner, name] = issuerPlaceOf(label);
  const { state } = await ledger.load(issuerDecider, issuerStream(owner, name));
  if (state.status !== 'configured') throw issuerNotFound(owner, name);
}

type Condition = (candidate: Candidate) => boolean | Promise<boolean>;

async function conditionsOf(
  services: Needs,
  { issuer, ca, key, issuedBefore }: ReplacementScope,
): Promise<Condition[]> {
  const hash = key === undefined ? undefined : await keyHashOf(services, key);
  const signer = ca === undefined ? undefined : await caOf(services, ca);
  const all: (Condition | undefined)[] = [
    issuedBefore === undefined ? undefined : ({ state }) => millis(state.issuedAt!) < millis(issuedBefore),
    issuer === undefined ? undefined : ({ team, state }) => labelOf(team, state) === issuer,
    signer && signedBy(services, signer),
    hash === undefined ? undefined : async ({ state }) => (await publicKeyHash(services, state)) === hash,
  ];
  return all.filter((one) => one !== undefined);
}

/** Whoever issued it: the issuer that the spec names, or one that stood in for it. */
const labelOf = (team: string, { spec, issued }: LiveCertificate): string =>
  issuerLabel(team, issued?.acme?.issuer ?? spec.issuerRef);

const split = (place: string): [team: string, name: string] => {
  const at = place.indexOf('/');
  return [place.slice(0, Math.max(at, 0)), place.slice(at + 1)];
};

async function certificateAt(services: Needs, place: string): Promise<LiveCertificate> {
  const [team, name] = split(place);
  const { state } = await loadCertificate(services, team, name);
  if (state.status !== 'live') throw certificateNotFound(team, name);
  return state;
}

/** Whose secret it is, and what it is called: `ca` issuers name it so. */
async function caOf(services: Needs, place: string): Promise<{ owner: string; secretName: string }> {
  const { spec } = await certificateAt(services, place);
  return { owner: split(place)[0], secretName: spec.secretName };
}

/** Whether the certificate's issuer signs with that CA: of each issuer it is read once. */
function signedBy(
  { ledger }: Needs,
  { owner, secretName }: { readonly owner: string; readonly secretName: string },
): Condition {
  const known = new Map<string, Promise<boolean>>();
  const signs = async (issuer: string): Promise<boolean> =>
    (await ledger.load(issuerDecider, issuerStream(owner, issuer))).state.spec.ca?.secretName === secretName;
  return ({ team, state: { spec } }) => {
    const { name } = spec.issuerRef;
    if (issuerOwner(spec.issuerRef, team) !== owner) return false;
    const answer = known.get(name) ?? signs(name);
    known.set(name, answer);
    return answer;
  };
}

async function keyHashOf(services: Needs, key: string): Promise<string> {
  if (/^[0-9a-f]{64}$/i.test(key)) return key.toLowerCase();
  const hash = await publicKeyHash(services, await certificateAt(services, key));
  if (hash === undefined) throw new Refusal('KeyUnknown', `certificate ${key} is not issued yet`, { field: 'key' });
  return hash;
}

/** Of the issued revision's key: its issuance has it; one that was made elsewhere is in the request. */
async function publicKeyHash({ ledger, x509 }: Needs, state: LiveCertificate): Promise<string | undefined> {
  const { uid, issued, spec } = state;
  if (!issued) return undefined;
  const { key } = (await ledger.load(issuanceDecider, issuanceStream(uid, issued.revision))).state;
  return key?.publicKeyHash ?? (spec.request ? (await x509.readCsr(spec.request)).publicKeyHash : undefined);
}
