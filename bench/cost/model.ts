import { type FunctionName, functions } from '../../lib/stacks/functions.ts';
import type { Act, Count, Counts } from './counts.ts';

/** What an installation is for. */
export interface Load {
  readonly certificates: number;
  /** Days that a certificate is valid. */
  readonly lifetime: number;
  /** Names of each. */
  readonly names: number;
  /** Copies of each, in clusters. */
  readonly destinations: number;
  /** Clusters that are looked after. */
  readonly clusters: number;
  /** Whether each has a secret of Secrets Manager besides. */
  readonly secrets: boolean;
}

/** The dated table of prices, and what is taken for granted. */
export interface Prices {
  readonly date: string;
  readonly region: string;
  /** `checked`: compared with the page on the date. */
  readonly prices: Readonly<
    Record<Priced, { readonly price: number; readonly per: string; readonly checked: boolean }>
  >;
  readonly allowances: Readonly<Partial<Record<Priced, number>>>;
  readonly assumed: Readonly<Record<Assumed, number>>;
}

type Assumed =
  | 'stepSeconds'
  | 'readerSeconds'
  | 'scanSeconds'
  | 'logBytesPerCall'
  | 'logBytesPerExecution'
  | 'scansPerHour'
  | 'checksOfAClusterPerDay'
  | 'readUnitsOfACopyLookedAt'
  | 'checksOfAnIssuerPerDay'
  | 'looksForRenewalInformationPerDay'
  | 'tableKeysPerScan'
  | 'tableKeysPerRenewal'
  | 'yearsOfLedger'
  | 'issuers';

/** What is paid for, with the service that asks for it. */
const SERVICES = {
  kmsKey: 'KMS',
  kmsRequest: 'KMS',
  dynamodbRead: 'DynamoDB',
  dynamodbWrite: 'DynamoDB',
  dynamodbStorage: 'DynamoDB',
  dynamodbRecovery: 'DynamoDB',
  transition: 'Step Functions',
  lambdaRequest: 'Lambda',
  lambdaTime: 'Lambda',
  busEvent: 'EventBridge',
  apiRequest: 'API Gateway',
  alarmMetric: 'CloudWatch',
  metric: 'CloudWatch',
  dashboard: 'CloudWatch',
  logs: 'CloudWatch',
  trace: 'X-Ray',
  secret: 'Secrets Manager',
  secretRequest: 'Secrets Manager',
  dnsRequest: 'Route 53',
} as const;
export type Priced = keyof typeof SERVICES;

/** States that an execution enters from its start to its end when nothing waits and nothing fails; a test compares with a real execution. */
export const STATES = { issueCertificate: 8, deliverSecret: 1 } as const;

/** One line of the bill, a month. */
export interface Line {
  readonly service: string;
  readonly what: Priced;
  readonly per: string;
  /** While nothing is issued. */
  readonly atRest: Amount;
  /** With the renewals of the load. */
  readonly running: Amount;
}

interface Amount {
  readonly quantity: number;
  readonly dollars: number;
  /** After what every account has free. */
  readonly afterAllowances: number;
}

export interface Bill {
  readonly lines: readonly Line[];
  readonly renewalsAMonth: number;
  readonly total: Readonly<Record<'atRest' | 'running', Omit<Amount, 'quantity'>>>;
}

/** Days of a month. */
const MONTH = 365.25 / 12;
const GIB = 2 ** 30;

/** Renewals a month: two thirds of a lifetime go by before each, half of one that is under ten days. */
const renewalsOf = ({ certificates, lifetime }: Load): number =>
  (certificates * MONTH) / (lifetime * (lifetime < 10 ? 1 / 2 : 2 / 3));

/** What a load costs a month, by what was counted and the table of prices. Certificates' first issuances are left out: there is one each. */
export function billOf(load: Load, { acts, standing }: Counts, table: Prices): Bill {
  const { assumed } = table;
  const renewalsAMonth = renewalsOf(load);
  const scans = assumed.scansPerHour * 24 * MONTH;
  const checks: [count: number, act: Act][] = [
    [load.clusters * assumed.checksOfAClusterPerDay * MONTH, 'clusterCheck'],
    [assumed.issuers * assumed.checksOfAnIssuerPerDay * MONTH, 'issuerCheck'],
    [load.certificates * assumed.looksForRenewalInformationPerDay * MONTH, 'certificateCheck'],
  ];
  const looking = checks.map(([count, act]) =>
    times(minus(usage(acts[act], assumed), usage(acts.scan, assumed)), count),
  );
  const copies = load.clusters > 0 ? load.certificates * load.destinations : 0;
  const renewal = renewalUsage(load, acts, assumed);
  const grown = acts.first.bytes + (renewalsAMonth / load.certificates) * 12 * assumed.yearsOfLedger * renewal.bytes;
  const gigabytes = (load.certificates * grown) / GIB;
  const rest: Usage = sum([
    times(usage(acts.scan, assumed), scans),
    { kmsRequest: scans * assumed.tableKeysPerScan },
    ...looking,
    // The row of each copy, at each check of its cluster; what is counted is the look at a cluster with a few.
    { dynamodbRead: copies * assumed.checksOfAClusterPerDay * MONTH * assumed.readUnitsOfACopyLookedAt },
    {
      kmsKey: standing.keys,
      alarmMetric: standing.alarmMetrics,
      metric: standing.metrics,
      dashboard: standing.dashboards,
      dynamodbStorage: gigabytes,
      dynamodbRecovery: gigabytes,
      secret: load.secrets ? load.certificates : 0,
    },
  ]);
  const told = { metric: standing.metricsInUse - standing.metrics };
  // DynamoDB keeps a table's key for a caller for five minutes, which is about as long as scans are apart.
  const tableKeys = { kmsRequest: Math.min(renewalsAMonth, scans) * assumed.tableKeysPerRenewal };
  const running = sum([rest, told, tableKeys, times(renewal.usage, renewalsAMonth)]);
  const lines = (Object.keys(SERVICES) as Priced[])
    .map((what): Line => {
      const { per } = table.prices[what];
      const amount = (used: Usage) => amountOf(used[what] ?? 0, what, table);
      return { service: SERVICES[what], what, per, atRest: amount(rest), running: amount(running) };
    })
    .filter(({ running }) => running.quantity > 0);
  const total = (when: 'atRest' | 'running') => ({
    dollars: lines.reduce((all, line) => all + line[when].dollars, 0),
    afterAllowances: lines.reduce((all, line) => all + line[when].afterAllowances, 0),
  });
  return { lines, renewalsAMonth, total: { atRest: total('atRest'), running: total('running') } };
}

function amountOf(quantity: number, what: Priced, { prices, allowances }: Prices): Amount {
  const { price } = prices[what];
  const paid = Math.max(0, quantity - (allowances[what] ?? 0));
  return { quantity, dollars: quantity * price, afterAllowances: paid * price };
}

/** How much of each thing that is paid for. */
type Usage = Readonly<Partial<Record<Priced, number>>>;

/** A renewal of the load's certificates: what more names and more copies take follows from what was counted with several. */
function renewalUsage({ names, destinations, secrets }: Load, acts: Counts['acts'], assumed: Prices['assumed']) {
  const of = (act: Act) => usage(acts[act], assumed);
  const one = of('renewal');
  const name = times(minus(of('elevenNames'), one), 1 / 10);
  const copy = times(minus(of('threeDestinations'), one), 1 / 2);
  const withoutCopy = minus(one, copy);
  const secret = minus(of('secret'), withoutCopy);
  const parts = [withoutCopy, times(name, names - 1), times(copy, destinations), ...(secrets ? [secret] : [])];
  const bytes =
    acts.renewal.bytes +
    ((names - 1) * (acts.elevenNames.bytes - acts.renewal.bytes)) / 10 +
    ((destinations - 1) * (acts.threeDestinations.bytes - acts.renewal.bytes)) / 2;
  return { usage: sum(parts), bytes };
}

/** What a count is in things that are paid for. */
function usage(
  { functions: called, executions, requests, readUnits, writeUnits }: Count,
  assumed: Prices['assumed'],
): Usage {
  const calls = Object.values(called).reduce((all, count) => all + count, 0);
  const started = Object.values(executions).reduce((all, count) => all + count, 0);
  const asked = (prefix: string): number =>
    Object.entries(requests).reduce((all, [name, count]) => (name.startsWith(prefix) ? all + count : all), 0);
  const seconds = Object.entries(called).reduce(
    (all, [name, count]) => all + count * gigabyteSeconds(name, assumed),
    0,
  );
  const entered = Object.entries(executions).reduce(
    (all, [machine, count]) => all + count * (STATES[machine as keyof typeof STATES] + 1),
    0,
  );
  return {
    kmsRequest: asked('KMS.'),
    dynamodbRead: readUnits,
    dynamodbWrite: writeUnits,
    // One more than the states that are entered: the way to the end may count.
    transition: entered,
    lambdaRequest: calls,
    lambdaTime: seconds,
    busEvent: asked('EventBridge.'),
    logs: (calls * assumed.logBytesPerCall + started * assumed.logBytesPerExecution) / GIB,
    trace: started,
    secretRequest: asked('SecretsManager.'),
    dnsRequest: asked('Route53.'),
  };
}

/** Of one call. A step is counted by its state: `Order` is the function `order`. */
function gigabyteSeconds(name: string, { stepSeconds, readerSeconds, scanSeconds }: Prices['assumed']): number {
  const { memory } = functions[`${name[0]!.toLowerCase()}${name.slice(1)}` as FunctionName];
  const seconds = name === 'scan' ? scanSeconds : name === 'project' || name === 'react' ? readerSeconds : stepSeconds;
  return (memory / 1024) * seconds;
}

const keysOf = (usages: readonly Usage[]): Priced[] => [
  ...new Set(usages.flatMap((one) => Object.keys(one) as Priced[])),
];

const sum = (usages: readonly Usage[]): Usage =>
  Object.fromEntries(keysOf(usages).map((key) => [key, usages.reduce((all, one) => all + (one[key] ?? 0), 0)]));

const times = (one: Usage, factor: number): Usage =>
  Object.fromEntries(keysOf([one]).map((key) => [key, (one[key] ?? 0) * factor]));

const minus = (one: Usage, other: Usage): Usage => sum([one, times(other, -1)]);
