import type { Certificate, CertificateSummary, Cluster, Credential, Issuer, Team, TokenAnswer } from './answers.ts';
import { suggestion } from './args.ts';
import { pathOf } from './client.ts';
import { usageError } from './errors.ts';
import type { Column } from './table.ts';
import { SHARED } from './team.ts';
import type { Colour } from './terminal.ts';
import { age } from './time.ts';

/** Where a team's issuers are, or those that all teams share. */
export const issuerPath = (owner: string, ...name: readonly string[]): string =>
  owner === SHARED ? pathOf('v1', 'clusterissuers', ...name) : pathOf('v1', 'teams', owner, 'issuers', ...name);

/** Where a team's credentials are, or those of shared issuers. */
export const credentialPath = (owner: string, ...name: readonly string[]): string =>
  owner === SHARED ? pathOf('v1', 'clustercredentials', ...name) : pathOf('v1', 'teams', owner, 'credentials', ...name);

/** A kind of resource that can be listed. `path` gets the team where the kind belongs to one. */
export interface Kind<T = never> {
  /** In the plural. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly owned: boolean;
  path(team: string, ...name: readonly string[]): string;
  readonly columns: readonly Column<T>[];
}

const kind = <T>(description: Kind<T>): Kind => description as unknown as Kind;

const yesNo = (value: string | undefined): Colour | undefined =>
  value === 'True' ? 'green' : value === 'False' ? 'red' : undefined;

type WithConditions = { readonly status: Pick<Certificate['status'], 'conditions'> };
const first = ({ status }: WithConditions) => status.conditions[0];

/** A single certificate comes with all that is known of it, a list with summaries; the columns take both. */
type AnyCertificate = CertificateSummary | Certificate;
const summaryOf = (row: AnyCertificate) => ('status' in row ? { ...row.spec, ...row.status } : row);
const isReady = (row: AnyCertificate): string => {
  if ('ready' in row) return row.ready ? 'True' : 'False';
  return row.status.conditions.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
};

const NAME = { title: 'NAME', text: ({ name }: { readonly name: string }) => name };
const MOST_NAMES = 2;
const shortList = (names: readonly string[] = []): string =>
  names.length <= MOST_NAMES
    ? names.join(',')
    : `${names.slice(0, MOST_NAMES).join(',')} and ${names.length - MOST_NAMES} more`;

export const KINDS: readonly Kind[] = [
  kind<AnyCertificate>({
    name: 'certificates',
    aliases: ['certificate', 'certs', 'cert'],
    owned: true,
    path: (team, ...name) => pathOf('v1', 'teams', team, 'certificates', ...name),
    columns: [
      { title: 'TEAM', text: ({ team }) => team },
      NAME,
      { title: 'READY', text: isReady, colour: (row) => yesNo(isReady(row)) },
      { title: 'NAMES', text: (row) => shortList(summaryOf(row).dnsNames) },
      { title: 'ISSUER', text: (row) => summaryOf(row).issuerRef.name },
      { title: 'REVISION', text: (row) => summaryOf(row).revision },
      { title: 'EXPIRES', text: (row) => summaryOf(row).notAfter },
      { title: 'RENEWAL', wide: true, text: (row) => summaryOf(row).renewalTime },
      { title: 'SECRET', wide: true, text: (row) => summaryOf(row).secretName },
      { title: 'SERIAL', wide: true, text: (row) => summaryOf(row).serial },
      { title: 'AGE', text: ({ createdAt }) => age(createdAt) },
    ],
  }),
  kind<Issuer>({
    name: 'issuers',
    aliases: ['issuer'],
    owned: true,
    path: issuerPath,
    columns: [
      { title: 'OWNER', text: ({ owner }) => (owner === SHARED ? '(shared)' : owner) },
      NAME,
      { title: 'KIND', text: (row) => row.kind },
      { title: 'TYPE', text: ({ type }) => type },
      { title: 'READY', text: (row) => first(row)?.status, colour: (row) => yesNo(first(row)?.status) },
      // That others stand in for it matters more than how its last check went.
      { title: 'REASON', wide: true, text: ({ status }) => status.conditions.at(-1)?.reason },
      { title: 'MESSAGE', text: ({ status }) => status.conditions.at(-1)?.message },
    ],
  }),
  kind<Cluster>({
    name: 'clusters',
    aliases: ['cluster'],
    owned: false,
    path: (_, ...name) => pathOf('v1', 'clusters', ...name),
    columns: [
      NAME,
      { title: 'SERVER', text: ({ server }) => server },
      { title: 'REACHABLE', text: (row) => first(row)?.status, colour: (row) => yesNo(first(row)?.status) },
      { title: 'VERSION', text: ({ version }) => version },
      { title: 'CA FINGERPRINT', wide: true, text: ({ caFingerprint }) => caFingerprint },
      { title: 'MESSAGE', text: (row) => first(row)?.message },
    ],
  }),
  kind<Team>({
    name: 'teams',
    aliases: ['team'],
    owned: false,
    path: (_, ...name) => pathOf('v1', 'teams', ...name),
    columns: [
      NAME,
      { title: 'NAMES', text: ({ policy }) => policy.names?.join(',') },
      { title: 'ISSUERS', text: ({ policy }) => policy.issuers?.join(',') },
      { title: 'DESTINATIONS', text: ({ policy }) => policy.destinations?.join(',') },
      { title: 'QUOTA', text: ({ policy }) => policy.quota },
      { title: 'KEYS', wide: true, text: ({ policy }) => policy.keys?.join(',') },
      { title: 'MAX DURATION', wide: true, text: ({ policy }) => policy.maxDuration },
      { title: 'POLICY', wide: true, text: ({ policyVersion }) => policyVersion },
    ],
  }),
  kind<TokenAnswer>({
    name: 'tokens',
    aliases: ['token'],
    owned: false,
    path: (_, ...id) => pathOf('v1', 'tokens', ...id),
    columns: [
      { title: 'ID', text: ({ id }) => id },
      { title: 'TEAM', text: ({ team }) => team },
      { title: 'VERBS', text: ({ verbs }) => verbs.join(',') },
      {
        title: 'STATUS',
        text: ({ status }) => status,
        colour: ({ status }) => (status === 'live' ? 'green' : 'yellow'),
      },
      { title: 'EXPIRES', text: ({ expires }) => expires },
      { title: 'ISSUED', wide: true, text: ({ issuedAt }) => issuedAt },
      { title: 'DESCRIPTION', text: ({ description }) => description },
    ],
  }),
  kind<Credential>({
    name: 'credentials',
    aliases: ['credential', 'creds', 'cred'],
    owned: true,
    path: credentialPath,
    columns: [
      { title: 'OWNER', text: ({ owner }) => (owner === SHARED ? '(shared)' : owner) },
      NAME,
      { title: 'KEYS', text: ({ fields }) => fields.join(',') },
      { title: 'SEALED', text: ({ sealedAt }) => sealedAt },
    ],
  }),
];

/** The kind that a word names. @throws CliError `usage` with the nearest known one */
export async function kindNamed(word: string): Promise<Kind> {
  const found = KINDS.find(({ name, aliases }) => [name, ...aliases].includes(word.toLowerCase()));
  if (found) return found;
  const meant = await suggestion(
    word,
    KINDS.flatMap(({ name, aliases }) => [name, ...aliases]),
  );
  throw usageError(
    `unknown kind ${JSON.stringify(word)}${meant ? `: did you mean ${meant}?` : ''}`,
    `choose one of ${KINDS.map(({ name }) => name).join(', ')}`,
  );
}
