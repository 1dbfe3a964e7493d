import type { ChallengeWay } from './runner.ts';

/** One load of the bench. */
export interface Load {
  readonly name: string;
  readonly challenge: ChallengeWay['type'];
  readonly certificates: number;
  readonly namesEach: number;
  readonly concurrency: number;
  /** Milliseconds that the CA's look at the challenge takes. */
  readonly validation: number;
  /** The worst ratio of ours to the floor that is good enough. */
  readonly atMost: number;
}

/** The loads, as the issue that asked for the bench names them. */
export const loads: readonly Load[] = [
  {
    name: '50 certificates, 10 at a time, http-01',
    challenge: 'http-01',
    certificates: 50,
    namesEach: 1,
    concurrency: 10,
    validation: 0,
    atMost: 2,
  },
  {
    name: '50 certificates, 10 at a time, dns-01',
    challenge: 'dns-01',
    certificates: 50,
    namesEach: 1,
    concurrency: 10,
    validation: 0,
    atMost: 2,
  },
  {
    name: '1 certificate with 20 names, http-01',
    challenge: 'http-01',
    certificates: 1,
    namesEach: 20,
    concurrency: 1,
    validation: 0,
    atMost: 2,
  },
  {
    name: '1 certificate, validation takes 1.5 s, http-01',
    challenge: 'http-01',
    certificates: 1,
    namesEach: 1,
    concurrency: 1,
    validation: 1500,
    atMost: 1.15,
  },
];

let used = 0;

/** Names that no load had before: an authorization must not be reused. */
export function namesFor(load: Pick<Load, 'certificates' | 'namesEach'>): string[][] {
  const run = `r${process.pid}-${used++}`;
  return Array.from({ length: load.certificates }, (_, certificate) =>
    Array.from({ length: load.namesEach }, (_, name) => `c${certificate}n${name}.${run}.example.test`),
  );
}
