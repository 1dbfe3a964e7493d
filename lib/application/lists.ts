import { SHARED } from '../domain/issuer.ts';
import type { Instant } from '../domain/time.ts';
import type { TokenState } from '../domain/token.ts';
import { isYetToBegin } from '../domain/validity.ts';
import type { ViewRow } from '../ports/views.ts';
import { clusterView } from './clustersAdmin.ts';
import { credentialView } from './credentialsAdmin.ts';
import { issuerView } from './issuers.ts';
import { CERTIFICATES, CLUSTERS, CREDENTIALS, ISSUERS, TEAMS, TOKENS } from './projections.ts';
import type { CertificateSummary, TokenAnswer } from './schema/answers.ts';
import type { Services } from './services.ts';
import { teamView } from './teams.ts';
import { tokenView } from './tokens.ts';

type Needs = Pick<Services, 'views' | 'clock'>;

/** Where to read on, and how much. */
export interface PageRequest {
  readonly after?: string;
  readonly limit: number;
}

/** `after` is there when there may be more; a page of a filtered list may be short, or empty, before its end. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly after?: string;
}

const CHUNK = 500;
/** Rows that one request looks at, however few of them it wants. */
const MOST_READ = 5000;

interface ListRequest<T> extends PageRequest {
  readonly owner?: string;
  readonly where?: Readonly<Record<string, string | number | boolean>>;
  /** A row as the list shows it; undefined for one that it leaves out. */
  take(row: ViewRow): T | undefined;
}

/** A page of a view's rows, those that `take` takes. */
export async function list<T>(
  { views }: Pick<Needs, 'views'>,
  view: string,
  request: ListRequest<T>,
): Promise<Page<T>> {
  const { owner, where, limit, take } = request;
  const items: T[] = [];
  let { after } = request;
  for (let read = 0; read < MOST_READ; read += CHUNK) {
    const rows = await views.list(view, { owner, where, after, limit: CHUNK });
    for (const row of rows) {
      if (items.length === limit) return { items, after };
      const item = take(row);
      if (item !== undefined) items.push(item);
      after = row.key;
    }
    if (rows.length < CHUNK) return { items };
  }
  return { items, after };
}

/** What a list of certificates may be narrowed to. */
export interface CertificateFilter {
  readonly issuer?: string;
  readonly ready?: boolean;
  readonly dnsName?: string;
  /** Instant: those whose certificate ends before. */
  readonly expiringBefore?: string;
  /** Part of a name or of a DNS name. */
  readonly q?: string;
}

/** A team's certificates, or everybody's when `team` is undefined, in order of team and name. */
export function listCertificates(
  services: Needs,
  team: string | undefined,
  filter: CertificateFilter,
  page: PageRequest,
): Promise<Page<CertificateSummary>> {
  const now = services.clock.now();
  const where = {
    ...(filter.issuer !== undefined && { issuerName: filter.issuer }),
    ...(filter.dnsName !== undefined && { dnsNames: filter.dnsName }),
  };
  const take = (row: ViewRow): CertificateSummary | undefined => {
    const summary = certificateSummaryOf(row, now);
    return matches(summary, filter) ? summary : undefined;
  };
  return list(services, CERTIFICATES, { ...page, owner: team, where, take });
}

/** A row of the certificates' view, as lists show it. */
export function certificateSummaryOf({ owner, doc }: ViewRow, now: string): CertificateSummary {
  const { fingerprint: _, issuerName, issuerKind, issuingRevision, issuedGeneration: __, ready, ...rest } = doc;
  const { notBefore = '', notAfter = '' } = doc as { readonly notBefore?: Instant; readonly notAfter?: Instant };
  const usable = ready === true && notAfter > now && !isYetToBegin(notBefore, now);
  const issuerRef = { name: issuerName, kind: issuerKind };
  return {
    team: owner,
    ...rest,
    issuerRef,
    ready: usable,
    issuing: issuingRevision !== undefined,
  } as CertificateSummary;
}

function matches(summary: CertificateSummary, { ready, expiringBefore, q }: CertificateFilter): boolean {
  if (ready !== undefined && summary.ready !== ready) return false;
  if (expiringBefore !== undefined && !(summary.notAfter !== undefined && summary.notAfter < expiringBefore))
    return false;
  return q === undefined || summary.name.includes(q) || summary.dnsNames.some((name) => name.includes(q));
}

/** The issuers of an owner. */
export const listIssuers = (services: Needs, owner: string, page: PageRequest) =>
  list(services, ISSUERS, { ...page, owner, take: ({ doc }) => issuerOfRow(owner, doc) });

const issuerOfRow = (owner: string, doc: ViewRow['doc']) =>
  issuerView(owner, String(doc.name), { status: 'configured', ...doc } as unknown as Parameters<typeof issuerView>[2]);

/** The credentials of an owner. */
export const listCredentials = (services: Needs, owner: string, page: PageRequest) =>
  list(services, CREDENTIALS, {
    ...page,
    owner,
    take: ({ doc }) => credentialView(owner, String(doc.name), doc as unknown as Parameters<typeof credentialView>[2]),
  });

export const listClusters = (services: Needs, page: PageRequest) =>
  list(services, CLUSTERS, {
    ...page,
    take: ({ doc }) => clusterView(String(doc.name), doc as unknown as Parameters<typeof clusterView>[1]),
  });

/** The teams that `teams` names; `*`: all. */
export const listTeams = (services: Needs, teams: readonly string[] | '*', page: PageRequest) =>
  list(services, TEAMS, {
    ...page,
    take: ({ owner, doc }) =>
      owner !== SHARED && (teams === '*' || teams.includes(owner))
        ? teamView(owner, doc as unknown as Parameters<typeof teamView>[1])
        : undefined,
  });

export function listTokens(services: Needs, page: PageRequest): Promise<Page<TokenAnswer>> {
  const now = services.clock.now();
  const take = ({ doc }: ViewRow) => tokenView(String(doc.id), doc as unknown as TokenState, now);
  return list(services, TOKENS, { ...page, take });
}
