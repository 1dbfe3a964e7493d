import { inLanes } from '../async/lanes.ts';
import type { Identifier } from '../domain/identifier.ts';
import { type FailingCertificate, type Incident, incidentsOf, sizeOf } from '../domain/incident.ts';
import type { IssuanceState } from '../domain/issuance.ts';
import { earliest } from '../domain/time.ts';
import type { Watched } from '../ports/views.ts';
import { EVERY_TEAM } from './authorize.ts';
import { ISSUANCES } from './projections.ts';
import { publicCause } from './publicCause.ts';
import type { IncidentAnswer, IncidentsAnswer } from './schema/incidents.ts';
import type { Services } from './services.ts';

type Needs = Pick<Services, 'views'>;

/** Failing issuances that are read at most, the longest failing first. With more, numbers mean: so many, or more. */
const MOST_FAILING = 1000;

/** Certificates that an answer names at most; the others are counted. */
const MOST_NAMED = 20;

/** Whose certificates are shown. */
type Teams = readonly string[] | typeof EVERY_TEAM;

/**
 * Equal failures across certificates, as one each. What is read follows what fails, and not what exists.
 * @param teams of whose certificates it tells; whether they are one of several is judged over all
 * @param single also what fails alone
 */
export async function readIncidents(services: Needs, teams: Teams, single = false): Promise<IncidentsAnswer> {
  const rows = await failingRows(services);
  const all = incidentsOf(await failing(services, rows), 1);
  const isAlone = (incident: Incident): boolean => sizeOf(incident) === 1;
  const of = (incidents: readonly Incident[]) => incidents.flatMap((incident) => shown(incident, teams) ?? []);
  return {
    items: of(single ? all : all.filter((one) => !isAlone(one))),
    alone: of(all.filter(isAlone)).length,
    partial: rows.length === MOST_FAILING,
  };
}

/**
 * The incident that a failing issuance is part of, as its team may see it.
 * @param of `key` of its row
 * @param limit failing issuances of the same issuer or team that are read at most
 */
export async function incidentOf(
  services: Needs,
  of: { readonly team: string; readonly issuer: string; readonly key: string },
  limit = 100,
): Promise<IncidentAnswer | undefined> {
  const rows = await failingRows(services);
  const distance = ({ key, owner }: Watched): number => (key === of.key ? 0 : owner === of.team ? 1 : 2);
  // Others at the issuer, or of the team: whoever fails at the same domain by another way is not asked for here.
  const nearest = rows
    .filter(({ issuer, owner }) => issuer === of.issuer || owner === of.team)
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, limit);
  const all = await failing(services, nearest);
  const self = all.find(({ key }) => key === of.key);
  const found = self && incidentsOf(all).find(({ certificates }) => certificates.includes(self));
  return found && shown(found, [of.team]);
}

const failingRows = async ({ views }: Needs): Promise<Watched[]> =>
  (await views.earliest(ISSUANCES, 'owed', { limit: MOST_FAILING })).filter((row) => row.failing);

async function failing({ views }: Needs, rows: readonly Watched[]): Promise<(FailingCertificate & { key: string })[]> {
  const all = await inLanes(rows, async ({ key, issuer }) => {
    const row = await views.get(ISSUANCES, key);
    const found = row && failingOf(row.doc, issuer ?? '');
    return found && { ...found, key };
  });
  return all.filter((one) => one !== undefined);
}

function failingOf(doc: Readonly<Record<string, unknown>>, issuer: string): FailingCertificate | undefined {
  const { status, certificate, failure, requestedAt, failingSince } = doc as Partial<IssuanceState>;
  if (status !== 'failed' || !failure || !certificate) return undefined;
  const [team, name] = certificate.split('/') as [string, string];
  const identifiers = (doc.identifiers as readonly Identifier[] | undefined) ?? [];
  const { class: kind, problem, retryAt } = failure;
  return { team, name, issuer, identifiers, since: failingSince ?? requestedAt!, retryAt, class: kind, problem };
}

/** As whoever may see these teams sees it; undefined where none of theirs is part of it. */
function shown({ id, scope, certificates }: Incident, teams: Teams): IncidentAnswer | undefined {
  const mine = certificates.filter(({ team }) => teams === EVERY_TEAM || teams.includes(team));
  const [first] = mine;
  if (!first) return undefined;
  return {
    id,
    scope,
    since: first.since,
    count: mine.length,
    teams: [...new Set(mine.map(({ team }) => team))].sort(),
    certificates: mine.slice(0, MOST_NAMED).map(({ team, name }) => ({ team, name })),
    cause: publicCause(first.problem, first.class),
    retryAt: earliest(...mine.map(({ retryAt }) => retryAt))!,
  };
}
