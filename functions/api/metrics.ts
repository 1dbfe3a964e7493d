import { issuerType } from '../../lib/application/issuers.ts';
import { certificateSummaryOf } from '../../lib/application/lists.ts';
import { CERTIFICATES, ISSUERS } from '../../lib/application/projections.ts';
import type { Services } from '../../lib/application/services.ts';
import { SHARED } from '../../lib/domain/issuer.ts';
import { type Instant, millis } from '../../lib/domain/time.ts';
import type { ViewRow } from '../../lib/ports/views.ts';

type Needs = Pick<Services, 'views' | 'clock'>;
type Labels = Readonly<Record<string, string>>;

const PAGE = 500;

/** A gauge's samples in the text format of Prometheus. */
class Gauge {
  readonly #lines: string[];
  readonly #name: string;
  constructor(name: string, help: string) {
    this.#name = name;
    this.#lines = [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`];
  }
  add(labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
    this.#lines.push(`${this.#name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`);
  }
  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const seconds = (at: Instant | undefined): number => (at === undefined ? 0 : millis(at) / 1000);

/**
 * The process's own metrics, and from the views the gauges that cert-manager's boards and alerts read, by cert-manager's names and labels.
 * @param own metrics of the process, ended by a newline
 */
export async function metricsText(services: Needs, own?: () => string | Promise<string>): Promise<string> {
  const certificates = await certificateGauges(services);
  const issuers = await issuerGauges(services);
  const clock = new Gauge('certmanager_clock_time_seconds_gauge', 'The clock of the service.');
  clock.add({}, Math.floor(seconds(services.clock.now())));
  return [(await own?.()) ?? '', ...certificates, ...issuers, clock].join('');
}

async function certificateGauges(services: Needs): Promise<Gauge[]> {
  const now = services.clock.now();
  const gauge = (name: string, help: string) => new Gauge(`certmanager_certificate_${name}`, help);
  const expiration = gauge('expiration_timestamp_seconds', 'When the certificate expires. Unix time, 0: not issued.');
  const notAfter = gauge('not_after_timestamp_seconds', 'When the certificate expires. Unix time, 0: not issued.');
  const notBefore = gauge('not_before_timestamp_seconds', 'When the certificate begins. Unix time, 0: not issued.');
  const renewal = gauge('renewal_timestamp_seconds', 'When the certificate is renewed. Unix time, 0: not issued.');
  const ready = gauge('ready_status', 'Whether the certificate is ready.');
  for await (const row of rows(services, CERTIFICATES)) {
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
  }
  return [expiration, notAfter, notBefore, renewal, ready];
}

async function issuerGauges(services: Needs): Promise<Gauge[]> {
  const own = new Gauge('certmanager_issuer_ready_status', 'Whether the issuer is ready.');
  const shared = new Gauge('certmanager_clusterissuer_ready_status', 'Whether the shared issuer is ready.');
  const words: Readonly<Record<string, string>> = { ready: 'True', unready: 'False' };
  for await (const { owner, doc } of rows(services, ISSUERS)) {
    const { name, ready, spec } = doc as { name: string; ready: string; spec: Parameters<typeof issuerType>[0] };
    const labels = { name, issuer_type: issuerType(spec) };
    const condition = words[ready] ?? 'Unknown';
    if (owner === SHARED) addReady(shared, labels, condition);
    else addReady(own, { ...labels, namespace: owner }, condition);
  }
  return [own, shared];
}

/** As cert-manager: a sample for each value that the condition may have, of which one is 1. */
function addReady(gauge: Gauge, labels: Labels, condition: string): void {
  for (const value of ['True', 'False', 'Unknown'])
    gauge.add({ ...labels, condition: value }, value === condition ? 1 : 0);
}

async function* rows({ views }: Needs, view: string): AsyncGenerator<ViewRow> {
  for (let after: string | undefined; ; ) {
    const page = await views.list(view, { after, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.key;
  }
}
