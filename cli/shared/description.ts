import type { Certificate, Condition, TimelineEvent } from './answers.ts';
import { eventLine } from './progress.ts';
import { pairs, table } from './table.ts';
import { plain, type Terminal } from './terminal.ts';
import { age, withDistance } from './time.ts';

type Paint = Terminal['paint'];
type Status = Certificate['status'];
type Window = NonNullable<NonNullable<Certificate['spec']['renewal']>['windows']>[number];

/** All that is known of a certificate, for people: what was asked for, how it stands, why, and what is next. */
export function description(
  certificate: Certificate,
  events: readonly TimelineEvent[],
  { paint }: Pick<Terminal, 'paint'>,
  now = Date.now(),
): string[] {
  const { status } = certificate;
  const sections: [title: string, lines: string[]][] = [
    [`Certificate ${certificate.team}/${certificate.name}`, asked(certificate)],
    ['Conditions', conditions(status.conditions, paint, now)],
    ['Issued', issued(status, now)],
    ['On its way', underWay(status, now)],
    ['Revocations', revocations(status, now)],
    ['Destinations', deliveries(status, paint, now)],
    ['Next', next(status, now)],
    ['Warnings', (certificate.warnings ?? []).map(({ field, message }) => plain(`${field}: ${message}`))],
    ['Timeline', events.map(eventLine)],
  ];
  return sections
    .filter(([, lines]) => lines.length > 0)
    .flatMap(([title, lines], index) => [
      ...(index > 0 ? [''] : []),
      paint('bold', title),
      ...lines.map((line) => `  ${line}`),
    ]);
}

function asked({ spec, status, uid, generation, createdAt }: Certificate): string[] {
  const { issuer } = status;
  const readiness = issuer.ready === 'True' ? 'ready' : `not ready, ${issuer.reason}: ${issuer.message}`;
  const { algorithm, size } = spec.privateKey ?? {};
  const { renewBeforePercentage: percentage } = spec;
  const whose = status.renewalTimesOf ? " (the team's)" : '';
  const list = (values: readonly string[] | undefined): string | undefined =>
    values?.length ? values.join(', ') : undefined;
  return shown([
    ['Common name', spec.commonName],
    ['DNS names', list(spec.dnsNames)],
    ['IP addresses', list(spec.ipAddresses)],
    ['URIs', list(spec.uris)],
    ['Mail addresses', list(spec.emailAddresses)],
    ['Issuer', `${issuer.kind} ${issuer.name} (${readiness})`],
    ['Secret', spec.secretName],
    ['Key', spec.request ? 'with the requester (CSR)' : [algorithm, size].filter((part) => part).join('-')],
    ['Duration', spec.duration],
    ['Renew before', spec.renewBefore ?? (percentage === undefined ? undefined : `${percentage}% of the lifetime`)],
    [`Renewed in${whose}`, list(spec.renewal?.windows?.map(windowText))],
    [`Frozen in${whose}`, list(spec.renewal?.freezes?.map(windowText))],
    ['CA', spec.isCA ? 'yes: it may sign others' : undefined],
    ['Asked for', `${createdAt}, spec ${generation}, uid ${uid}`],
  ]);
}

const windowText = ({ cron, windowDuration, timezone = 'UTC' }: Window): string =>
  `${cron} for ${windowDuration} (${timezone})`;

function conditions(all: readonly Condition[], paint: Paint, now: number): string[] {
  const colour = ({ type, status }: Condition) => {
    if (status === 'True') return type === 'Issuing' ? ('yellow' as const) : ('green' as const);
    return status === 'False' && type !== 'Issuing' ? ('red' as const) : undefined;
  };
  return table(
    all,
    [
      { title: 'TYPE', text: ({ type }) => type },
      { title: 'STATUS', text: ({ status }) => status, colour },
      { title: 'REASON', text: ({ reason }) => reason },
      { title: 'SINCE', text: ({ lastTransitionTime }) => age(lastTransitionTime, now) },
      { title: 'MESSAGE', text: ({ message }) => message },
    ],
    paint,
  );
}

function issued(
  { revision, serial, fingerprint, notBefore, notAfter, issuedBy, renewal }: Status,
  now: number,
): string[] {
  if (revision === undefined) return [];
  const { time, reason, suggestedWindow: window, explanationURL } = renewal ?? {};
  const when = withDistance(time, now);
  return shown([
    ['Revision', String(revision)],
    ['Issued by', issuedBy && `${issuedBy.kind} ${issuedBy.name}`],
    ['Serial', serial],
    ['Fingerprint', fingerprint],
    ['Valid from', notBefore],
    ['Valid until', withDistance(notAfter, now)],
    ['Renewal', when === undefined ? 'none: the spec disables it' : `${when}, ${reason}`],
    ["CA's window", window && `${window.start} to ${window.end}`],
    ['Explained at', explanationURL],
  ]);
}

function underWay({ issuance, incident, issuer }: Status, now: number): string[] {
  if (!issuance) return [];
  const { revision, run, status, step, since, cause, causes = [], retryAt, issuer: standIn } = issuance;
  const about = (identifier: string | undefined): string => (identifier === undefined ? '' : `${identifier}: `);
  return [
    ...shown([
      ['Revision', `${revision}, attempt ${run}, ${status}`],
      ['Step', step],
      ['At', standIn && `${standIn.kind} ${standIn.name}, in the place of ${issuer.name}`],
      ['Since', withDistance(since, now)],
      ['Cause', cause && `${about(cause.identifier)}${cause.detail} (${cause.code})`],
      ['To do', cause?.remedy],
      ['Tried again', withDistance(retryAt, now)],
      [
        'Incident',
        incident && `${incident.id}, ${incident.count} of the team, since ${withDistance(incident.since, now)}`,
      ],
    ]),
    ...causes.map(({ identifier, detail, code }) => plain(`  ${about(identifier)}${detail} (${code})`)),
  ];
}

function revocations({ revocations: all = [] }: Status, now: number): string[] {
  return all.flatMap(({ revision, reason, status, since, cause, retryAt }) =>
    shown([
      [`Revision ${revision}`, `${status}, ${reason}, since ${withDistance(since, now)}`],
      ['Cause', cause && `${cause.detail} (${cause.code})`],
      ['To do', cause?.remedy],
      ['Tried again', withDistance(retryAt, now)],
    ]),
  );
}

function deliveries({ deliveries: all }: Status, paint: Paint, now: number): string[] {
  if (all.length === 0) return [];
  const lines = table(
    all,
    [
      { title: 'DESTINATION', text: ({ destination }) => destination },
      {
        title: 'STATUS',
        text: ({ status }) => status,
        colour: ({ status, cause }) => (status === 'confirmed' ? 'green' : cause ? 'red' : 'yellow'),
      },
      { title: 'REVISION', text: ({ revision }) => revision },
      { title: 'SINCE', text: ({ since }) => age(since, now) },
      { title: 'TRIED AGAIN', text: ({ retryAt }) => withDistance(retryAt, now) },
    ],
    paint,
  );
  const causes = all.flatMap(({ destination, cause }) =>
    cause ? [plain(`${destination}: ${cause.detail} (${cause.code})`), plain(`  ${cause.remedy}`)] : [],
  );
  return [...lines, ...causes];
}

function next({ nextAction }: Status, now: number): string[] {
  if (!nextAction) return [];
  const { action, message, at } = nextAction;
  const who = action === 'Act' ? 'Somebody must act: ' : '';
  return [plain(`${who}${message}${at === undefined ? '' : ` (${distance(at, now)})`}`)];
}

/** The distance alone: the message holds the instant. */
const distance = (at: string, now: number): string => /\((.+)\)$/.exec(withDistance(at, now) ?? '')?.[1] ?? at;

const shown = (entries: readonly (readonly [string, string | undefined])[]): string[] => pairs(entries).map(plain);
