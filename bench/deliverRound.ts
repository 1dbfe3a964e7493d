import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createApi } from '../functions/api/api.ts';
import { issueToken } from '../lib/application/tokens.ts';
import { deliveryStream } from '../lib/domain/delivery.ts';
import { destinationKey } from '../lib/domain/destination.ts';
import { plusSeconds } from '../lib/domain/time.ts';
import {
  putCluster,
  putIssuer,
  putTeam,
  requestCertificate,
  settled,
  specOf,
  startCore,
} from '../test/support/core.ts';
import { cpuTimed, timed } from './support.ts';

/** What a round is to deliver, and where to. */
export interface DeliverJob {
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly certificates: number;
  /** The data folder is made in here. */
  readonly folder: string;
}

/** What a round took. */
export interface DeliverFigures {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  readonly peakMiB: number;
}

const TEAM = 'bench';
const CLUSTER = 'prod';

/** The service with an internal CA and a cluster, called by its API without a socket. */
async function startService({ folder, kubeconfig, namespace }: DeliverJob) {
  const delivered = new Map<string, () => void>();
  const core = await startCore(folder, {
    observer: {
      task: (state, outcome, _, { input }) => {
        if (state === 'Push' && outcome === 'done') delivered.get((input as { delivery: string }).delivery)?.();
      },
    },
  });
  const { services } = core;
  await putTeam(services, TEAM);
  await putCluster(services, CLUSTER, kubeconfig);
  await putIssuer(services, TEAM, 'self', { selfSigned: {} });
  await putIssuer(services, TEAM, 'internal', { ca: { secretName: 'root-tls' } });
  const root = { commonName: 'Bench root', isCA: true, duration: '87600h', secretName: 'root-tls' };
  const issuerRef = { name: 'self', kind: 'Issuer' } as const;
  await requestCertificate(services, TEAM, 'root', specOf({ ...root, issuerRef }));
  await settled(services, TEAM, 'root');
  await core.composed.feed.drained();
  const api = createApi(services, { version: '0.0.0' });
  const expires = plusSeconds(services.clock.now(), 3600);
  const { token } = await issueToken(services, { team: TEAM, verbs: ['write'], expires });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

  return {
    /** Resolves when the cluster has confirmed the Secret. */
    async deliver(name: string): Promise<void> {
      const destination = { kind: 'kubernetes', cluster: CLUSTER, namespace, secretName: name } as const;
      const stream = deliveryStream(destinationKey(destination));
      const arrived = new Promise<void>((resolve) => delivered.set(stream, resolve));
      const spec = {
        dnsNames: [`${name}.bench.svc`],
        issuerRef: { name: 'internal' },
        secretName: name,
        destinations: [destination],
      };
      const path = `/v1/teams/${TEAM}/certificates/${name}`;
      const body = Buffer.from(JSON.stringify({ spec }));
      const answer = await api({ method: 'PUT', path, query: '', headers, body });
      if (answer.status >= 300) throw new Error(`PUT ${path} answered ${answer.status}: ${answer.body}`);
      await arrived;
    },
    stop: () => core.stop(),
  };
}

async function round(job: DeliverJob): Promise<DeliverFigures> {
  const service = await startService(job);
  await service.deliver('warm');
  const names = Array.from({ length: job.certificates }, (_, index) => `c${index}`);
  let milliseconds = 0;
  const cpuMilliseconds = await cpuTimed(async () => {
    milliseconds = await timed(() => Promise.all(names.map(service.deliver)));
  });
  await service.stop();
  // maxRSS is in KiB.
  return { milliseconds, cpuMilliseconds, peakMiB: process.resourceUsage().maxRSS / 1024 };
}

if (import.meta.main) {
  const job = JSON.parse(await text(process.stdin)) as DeliverJob;
  const folder = mkdtempSync(join(job.folder, 'data-'));
  try {
    console.log(JSON.stringify(await round({ ...job, folder })));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
