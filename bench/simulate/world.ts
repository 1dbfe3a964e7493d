import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { type CertificateEvent, certificateStream } from '../../lib/domain/certificate.ts';
import type { IssuanceEvent } from '../../lib/domain/issuance.ts';
import { issuerDecider, issuerStream, SHARED } from '../../lib/domain/issuer.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { type SimulatedCa, type Standing, simulatedCa } from './ca.ts';
import { type Calendar, calendar, DAY, type Span, within, YEAR } from './calendar.ts';
import { type Installation, installation } from './installation.ts';
import { Judge } from './judge.ts';
import { type Random, random } from './random.ts';
import { Timeline } from './timeline.ts';

/** How big, how long, and which run of chance. */
export interface SimulationOptions {
  readonly seed: number;
  readonly years: number;
  readonly certificates: number;
  readonly domains: number;
  readonly teams: number;
  /** Told after each day. */
  readonly progress?: (day: number, judge: Judge) => void;
}

export interface Simulated {
  readonly judge: Judge;
  readonly calendar: Calendar;
  readonly installation: Installation;
  readonly start: number;
  readonly end: number;
}

const META = { actor: 'simulation' };
const ISSUERS = { common: 'le', short: 'le-short' } as const;
const SERVER = 'https://acme-v02.api.letsencrypt.org/directory';

/** One in twenty lives for 160 hours. */
const SHORT_SHARE = 0.05;
/** Names of the first domain: more new ones than a CA issues for one domain in months. */
const CROWDED = 0.06;

/** Plays it. The same options give the same run. */
export async function simulate(options: SimulationOptions): Promise<Simulated> {
  const { seed, years, certificates, domains, teams } = options;
  const chance = random(seed);
  const start = Date.UTC(2026, 10, 1);
  const end = start + years * YEAR;
  const timeline = new Timeline(start);
  const plan = calendar(chance, start, years, domains);
  const away = (domain: string): readonly Span[] => plan.dnsOutages.get(Number(domain.split('.')[0]!.slice(1))) ?? [];
  const judge = new Judge(plan, away);
  const made = new Map<string, Standing>();
  const ca = simulatedCa(
    timeline,
    plan.caOutages,
    (name) => within(away(name.split('.').slice(-2).join('.')), timeline.now),
    {
      ordered: (at) => judge.ordered(at),
      issued: (certificate) => void made.set(certificate.serial, certificate),
      exceeded: () => void judge.exceeded++,
    },
  );
  const product = installation(timeline, ca, chance, ({ events, at }) => {
    for (const event of events as readonly (CertificateEvent | IssuanceEvent)[]) {
      if (event.type === 'RunDeferred' && event.reason === 'RateLimited') judge.deferred++;
      if (event.type !== 'CertificateIssued') continue;
      judge.stored(made.get(event.serial)!, Date.parse(at));
      made.delete(event.serial);
    }
  });
  await prepare(product, teams);
  await askForAll(timeline, product, chance, { certificates, domains, teams, start });
  planRevocations(timeline, plan, ca, judge, chance);
  for (let day = 1; start + day * DAY <= end; day++) {
    await timeline.run(start + day * DAY);
    ca.sweep();
    options.progress?.(day, judge);
  }
  await timeline.run(end);
  judge.finish(end);
  return { judge, calendar: plan, installation: product, start, end };
}

async function prepare({ services: { ledger }, settle }: Installation, teams: number): Promise<void> {
  for (let team = 0; team < teams; team++) {
    const policy = policyOf(`team-${team}`, { names: ['**'], issuers: ['*'] });
    await ledger.handle(teamDecider, teamStream(`team-${team}`), { type: 'Put', policy }, META);
  }
  const solvers = [{ http01: {} }];
  const specs = {
    [ISSUERS.common]: { acme: { server: SERVER, solvers } },
    [ISSUERS.short]: { acme: { server: SERVER, profile: 'shortlived', solvers } },
  };
  for (const [name, spec] of Object.entries(specs)) {
    await ledger.handle(issuerDecider, issuerStream(SHARED, name), { type: 'Configure', spec }, META);
  }
  await settle();
}

/** All are asked for within the first month, at any time of it. */
async function askForAll(
  timeline: Timeline,
  { services: { ledger, ids }, settle }: Installation,
  chance: Random,
  {
    certificates,
    domains,
    teams,
    start,
  }: Pick<SimulationOptions, 'certificates' | 'domains' | 'teams'> & { start: number },
): Promise<void> {
  for (let number = 0; number < certificates; number++) {
    const domain = number < certificates * CROWDED ? 0 : chance.between(1, domains - 1);
    const issuer = chance.next() < SHORT_SHARE ? ISSUERS.short : ISSUERS.common;
    const spec = specOf(`n${number}.d${domain}.test`, issuer, `s${number}`);
    const stream = certificateStream(`team-${domain % teams}`, `c${number}`);
    timeline.at(start + Math.floor(chance.next() * 30 * DAY), async () => {
      await ledger.handle(
        certificateDecider,
        stream,
        { type: 'Request', uid: ids.uuid(), spec, policyVersion: 1 },
        META,
      );
      await settle();
    });
  }
}

const specOf = (dnsName: string, issuer: string, secretName: string): CertificateSpec => ({
  dnsNames: [dnsName],
  ipAddresses: [],
  uris: [],
  emailAddresses: [],
  issuerRef: { name: issuer, kind: 'ClusterIssuer' },
  secretName,
  duration: '2160h',
  privateKey: { algorithm: 'ECDSA', size: 256, encoding: 'PKCS8', rotationPolicy: 'Always' },
  usages: ['digital signature'],
  isCA: false,
  destinations: [],
});

function planRevocations(timeline: Timeline, plan: Calendar, ca: SimulatedCa, judge: Judge, chance: Random): void {
  for (const { at, deadline, share } of plan.revocations) {
    timeline.at(at, () => {
      for (const certificate of ca.revoke(() => chance.next() < share)) judge.revoked(certificate, deadline);
    });
  }
}
