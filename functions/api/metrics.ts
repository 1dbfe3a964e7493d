import { everyRow } from '../../lib/application/everyRow.ts';
import { MOST_READ, measureHealth } from '../../lib/application/health.ts';
import { limitUse } from '../../lib/application/limits/use.ts';
import { certificateSummaryOf } from '../../lib/application/lists.ts';
import { CERTIFICATES, ISSUANCES, ISSUERS } from '../../lib/application/projections.ts';
import { publicText } from '../../lib/application/publicCause.ts';
import type { Services } from '../../lib/application/services.ts';
import { inLanes } from '../../lib/async/lanes.ts';
import type { ChallengeStanding } from '../../lib/domain/challenge.ts';
import type { Diversion } from '../../lib/domain/failover.ts';
import { SHARED } from '../../lib/domain/issuer.ts';
import { issuerLabelAt } from '../../lib/domain/issuerLabel.ts';
import { Refusal } from '../../lib/domain/refusal.ts';
import { type Instant, millis } from '../../lib/domain/time.ts';

type Needs = Pick<Services, 'ledger' | 'views' | 'limits' | 'clock'>;
type Labels = Readonly<Record<string, string>>;

/** Which metrics, and how many of them. */
export interface MetricsRequest {
  /** Metrics of the process, ended by a newline. */
  readonly own?: () => string | Promise<string>;
  /** A team's certificates and issuers alone. */
  readonly team?: string;
  /** Certificates of this page; all when absent. */
  readonly limit?: number;
  /** Key of the certificate after which to go on. */
  readonly after?: string;
  /** Octets that the answer may have. */
  readonly largest?: number;
}

/** A page of metrics. */
export interface MetricsPage {
  readonly text: string;
  /** Where there are more certificates: the last one's key. */
  readonly after?: string;
}

/** A gauge's samples in the text format of Prometheus. */
class Gauge {
  readonly #lines: string[];
  readonly #name: string;
  /** How large it is so far. */
  octets = 0;
  constructor(name: string, help: string) {
    this.#name = name;
    this.#lines = [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`];
  }
  add(labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
    const line = `${this.#name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
    this.#lines.push(line);
    this.octets += Buffer.byteLength(line) + 1;
  }
  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const seconds = (at: Instant | undefined): number => (at === undefined ? 0 : millis(at) / 1000);

/**
 * From the views the gauges that cert-manager's boards and alerts read, by cert-manager's names and labels. The first page has, beside its
 * certificates, all that there is once: issuers, the clock, and for the whole installation how it stands and the process's own metrics.
 * @throws Refusal `MetricsTooLarge` when the certificates that were asked for are more than an answer holds
 */
export async function metricsText(services: Needs, request: MetricsRequest = {}): Promise<MetricsPage> {
  const { own, team, after } = request;
  const certificates = await certificateGauges(services, request);
  const more = { ...(certificates.after !== undefined && { after: certificates.after }) };
  if (after !== undefined) return { text: certificates.gauges.join(''), ...more };
  const issuers = [...(await issuerGauges(services, team)), await challengeGauge(services, team)];
  const standing = team === undefined ? [...(await standingGauges(services)), await limitGauge(services)] : [];
  const now = Math.floor(seconds(services.clock.now()));
  const clocks = ['certmanager_clock_time_seconds_gauge', 'certmanager_clock_time_seconds'].map((name) => {
    const clock = new Gauge(name, 'The clock of the service. Unix time.');
    clock.add({}, now);
    return clock;
  });
  const process = team === undefined ? await own?.() : undefined;
  return { text: [process ?? '', ...certificates.gauges, ...issuers, ...standing, ...clocks].join(''), ...more };
}

async function limitGauge(services: Needs): Promise<Gauge> {
  const use = new Gauge('chancery_ca_rate_limit_use_ratio', "How much of the issuer's scarcest limit is used: 0 to 1.");
  for (const { issuer, percent } of await limitUse(services)) use.add({ issuer }, Math.round(percent * 100) / 10_000);
  return use;
}

async function certificateGauges(services: Needs, { team, limit, after, largest }: MetricsRequest) {
  const now = services.clock.now();
  const gauge = (name: string, help: string) => new Gauge(`certmanager_certificate_${name}`, help);
  const expiration = gauge('expiration_timestamp_seconds', 'When the certificate expires. Unix time, 0: not issued.');
  const notAfter = gauge('not_after_timestamp_seconds', 'When the certificate expires. Unix time, 0: not issued.');
  const notBefore = gauge('not_before_timestamp_seconds', 'When the certificate begins. Unix time, 0: not issued.');
  const renewal = gauge('renewal_timestamp_seconds', 'When the certificate is renewed. Unix time, 0: not issued.');
  const ready = gauge('ready_status', 'Whether the certificate is ready.');
  const gauges = [expiration, notAfter, notBefore, renewal, ready];
  let count = 0;
  let last: string | undefined;
  for await (const row of everyRow(services.views, CERTIFICATES, { owner: team, after })) {
    if (count++ === limit) return { gauges, after: last };
    last = row.key;
    const summary = certificateSummaryOf(row, now);
    const labels = {
      name: summary.name,
      namespace: summary.team,
      issuer_name: summary.issuerRef.name,
      issuer_kind: summary.issuerRef.kind,
      issuer_group: 'cert-manager.io',
    };
    expiration.add(labels, seconds(summary.notAfter));
    notAfter.add(labels, seconds(summary.notAfter));
    notBefore.add(labels, seconds(summary.notBefore));
    renewal.add(labels, seconds(summary.renewalTime));
    addReady(ready, labels, summary.ready ? 'True' : 'False');
    if (largest !== undefined && gauges.reduce((sum, one) => sum + one.octets, 0) > largest) throw tooLarge(largest);
  }
  return { gauges };
}

const tooLarge = (largest: number): Refusal =>
  new Refusal('MetricsTooLarge', `the metrics of these certificates are more than the ${largest} octets of an answer`, {
    remedy: "ask for one team's (?team=NAME), or page by page (?limit=1000, and then what the Link header names)",
  });

/** How the installation stands: what AWS has as metrics for its alarms. */
async function standingGauges(services: Needs): Promise<Gauge[]> {
  const { whole } = await measureHealth(services);
  const gauge = (name: string, help: string, value: number): Gauge => {
    const made = new Gauge(`chancery_${name}`, help);
    made.add({}, value);
    return made;
  };
  return [
    gauge('renewals_overdue', 'Certificates whose time to renew was over a day ago.', whole.RenewalsOverdue),
    gauge('issuances_failing', 'Unfinished issuances whose last run failed.', whole.IssuancesFailing),
    gauge('deliveries_failing', 'Destinations whose last push failed or was refused.', whole.DeliveriesFailing),
    gauge('deliveries_late', 'Destinations that are not as they shall be for over an hour.', whole.DeliveriesLate),
  ];
}

/** Unmet challenges are shown of so many issuances at most: those that fail longest first, then those that are under way. */
const MOST_CHALLENGED = 200;

/** cert-manager's states of a Challenge, in its order. */
const CHALLENGE_STATES = ['', 'errored', 'expired', 'invalid', 'pending', 'processing', 'ready', 'valid'];

/** As cert-manager: a sample for each state that a challenge may have, of which one is 1. Those that are met are gone. */
async function challengeGauge({ views }: Needs, team?: string): Promise<Gauge> {
  const gauge = new Gauge('certmanager_certificate_challenge_status', 'The status of certificate challenges.');
  const owed = await views.earliest(ISSUANCES, 'owed', { limit: MOST_READ });
  const wanted = owed.filter(({ owner }) => team === undefined || owner === team).slice(0, MOST_CHALLENGED);
  for (const row of await inLanes(wanted, ({ key }) => views.get(ISSUANCES, key))) {
    const { certificate = '', revision, challenges = [] } = (row?.doc ?? {}) as Partial<ChallengedDoc>;
    for (const [index, { domain, type, status, processing, reason }] of challenges.entries()) {
      const [namespace = '', name] = certificate.split('/');
      const labels = { domain, reason: publicText(reason), processing: String(processing), type };
      const whose = { name: `${name}-${revision}-${index + 1}`, namespace };
      for (const state of CHALLENGE_STATES) gauge.add({ status: state, ...labels, ...whose }, state === status ? 1 : 0);
    }
  }
  return gauge;
}

/** What is read here of an issuance's row. */
interface ChallengedDoc {
  readonly certificate: string;
  readonly revision: number;
  readonly challenges: readonly ChallengeStanding[];
}

async function issuerGauges(services: Needs, team?: string): Promise<Gauge[]> {
  const own = new Gauge('certmanager_issuer_ready_status', 'Whether the issuer is ready.');
  const shared = new Gauge('certmanager_clusterissuer_ready_status', 'Whether the shared issuer is ready.');
  const diverted = new Gauge('chancery_issuer_diverted', 'Issuers for which others stand in since their CA failed.');
  const words: Readonly<Record<string, string>> = { ready: 'True', unready: 'False' };
  for await (const { owner, doc } of everyRow(services.views, ISSUERS, { owner: team })) {
    const { name, ready, diverted: away } = doc as { name: string; ready: string; diverted?: Diversion };
    if (away) diverted.add({ issuer: issuerLabelAt(owner, name), reason: away.reason }, 1);
    const condition = words[ready] ?? 'Unknown';
    if (owner === SHARED) addReady(shared, { name }, condition);
    else addReady(own, { name, namespace: owner }, condition);
  }
  return [own, shared, diverted];
}

/** As cert-manager: a sample for each value that the condition may have, of which one is 1. */
function addReady(gauge: Gauge, labels: Labels, condition: string): void {
  for (const value of ['True', 'False', 'Unknown'])
    gauge.add({ ...labels, condition: value }, value === condition ? 1 : 0);
}
