import { z } from 'zod';
import { closed } from '../../lib/application/schema/closed.ts';
import { duration, labelName } from '../../lib/application/schema/common.ts';
import { durationSeconds } from '../../lib/domain/duration.ts';
import { SHARED } from '../../lib/domain/issuer.ts';

const LARGEST_PAGE = 500;
const DEFAULT_PAGE = 100;
/** Certificates of one page of metrics: each is seven lines with its name. */
const LARGEST_METRICS_PAGE = 1000;
/** Seconds that an answer may be held back: API Gateway ends a request after 30. */
const LONGEST_WAIT = 25;

/** A whole number in a query, as text. */
const whole = (minimum: number, maximum: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum, {
      error: `must be a whole number from ${minimum} to ${maximum}`,
    })
    .meta({ type: 'integer', minimum, maximum });

const flag = z.enum(['true', 'false']);
const instant = z.iso
  .datetime({ offset: true, error: 'must be a date and time such as 2026-01-31T12:00:00Z' })
  .meta({ format: 'date-time' });

const paging = {
  limit: whole(1, LARGEST_PAGE).optional().describe(`Items on a page; default ${DEFAULT_PAGE}.`),
  cursor: z.string().max(4096).optional().describe('From the answer before, to read on.'),
};

export const listQuery = closed(paging);

export const certificatesQuery = closed({
  ...paging,
  issuer: z.string().max(253).optional().describe("The issuer's name."),
  ready: flag.optional().describe('Whether a usable certificate stands.'),
  dnsName: z.string().max(253).optional().describe('One of its DNS names, exactly.'),
  expiringBefore: instant.optional().describe('Its certificate ends before this instant.'),
  q: z.string().max(253).optional().describe('Part of its name or of a DNS name.'),
});

export const metricsQuery = closed({
  team: z
    .union([labelName, z.literal(SHARED)])
    .optional()
    .describe("A team's certificates and issuers alone; `-` for what is shared."),
  limit: whole(1, LARGEST_METRICS_PAGE).optional().describe('Certificates on a page; all when absent.'),
  cursor: paging.cursor.describe('From the Link of the answer before, to read on.'),
});

export const incidentsQuery = closed({
  team: z.string().max(63).optional().describe('Of this team; default every team that the token may.'),
  single: flag.optional().describe('Also what fails alone, as incidents of one.'),
});

export const limitsQuery = closed({
  issuer: z.string().max(320).optional().describe('team/name, or the name of a shared one; default all.'),
  team: z.string().max(63).optional().describe("What this team's names touch; default every team that the token may."),
});

export const readQuery = closed({
  at: instant.optional().describe('As it was at this instant; default now.'),
});

export const dryRunQuery = closed({ dryRun: flag.optional().describe('Checks everything and changes nothing.') });

const LONGEST_GRACE = 720 * 3600;
const DEFAULT_GRACE = '24h';
const grace = duration.refine((text) => durationSeconds(text)! <= LONGEST_GRACE, { error: 'must be 720h at most' });

/** Seconds of grace that a deletion asks for. */
export const graceOf = ({ grace: text = DEFAULT_GRACE }: Query): number => durationSeconds(text)!;

export const deleteCertificateQuery = closed({
  withdraw: flag.optional().describe('Also takes the delivered copies away, after the grace; default false.'),
  revoke: flag.optional().describe('Also revokes at the CA, after the grace, as cessationOfOperation; default false.'),
  grace: grace
    .optional()
    .describe('How long copies stand and keys are kept: a duration, 720h at most; 0s is at once. Default 24h.'),
});

export const pemQuery = closed({
  key: flag.optional().describe('The private key too. Needs the verb key as well; the export stands on the ledger.'),
});

export const eventsQuery = closed({
  after: z.string().max(8192).optional().describe("An earlier answer's cursor."),
  wait: whole(0, LONGEST_WAIT).optional().describe('Seconds to wait for the next event when there is none yet.'),
  limit: paging.limit,
});

/** A route's query after its schema was checked; handlers read it by these functions. */
export type Query = Readonly<Record<string, string | undefined>>;

export const limitOf = ({ limit }: Query): number => Number(limit ?? DEFAULT_PAGE);
export const isTrue = (value: string | undefined): boolean => value === 'true';
export const secondsOf = (value: string | undefined): number => Number(value ?? 0);
/** In the ledger's one notation, so that it compares as text. */
export const instantOf = (value: string | undefined): string | undefined => value && new Date(value).toISOString();
