/** How a runner proves control of the names. */
export type ChallengeWay =
  /** It answers http-01 itself, on 127.0.0.1 at this port. */
  | { readonly type: 'http-01'; readonly port: number }
  /** It sets dns-01 values at challtestsrv's HTTP API (`POST /set-txt {"host","value"}`). */
  | { readonly type: 'dns-01'; readonly managementUrl: string };

/** A load: so many certificates, each for its names, so many at a time, at one CA. */
export interface Job {
  readonly directoryUrl: string;
  /** PEM of the root of the CA's own TLS. */
  readonly caPem: string;
  readonly challenge: ChallengeWay;
  /** Names of each certificate. */
  readonly certificates: readonly (readonly string[])[];
  readonly concurrency: number;
}

/** A client made ready: account registered, responder listening. */
export interface Ready {
  /** Issues all these certificates, at most `concurrency` at a time. */
  issue(certificates: readonly (readonly string[])[], concurrency: number): Promise<void>;
  close(): Promise<void>;
}

/** A client as a module: what it needs once is not measured. */
export type Prepare = (job: Job) => Promise<Ready>;

/** What one measured load took; CPU and memory are of the client's own process (or processes), children included. */
export interface Timings {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly peakMiB: number;
  /** Resident memory in MiB after every {@link STEP} certificates; clients in other languages do not tell it. */
  readonly residentMiB?: readonly number[];
}

/** Certificates between two looks at the resident memory. */
export const STEP = 100;

/** Runs `work` over all items, at most `lanes` at a time. */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
}
