import { onTestFinished } from 'vitest';
import { pursue } from '../../lib/application/reactions.ts';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream, type LiveCertificate } from '../../lib/domain/certificate.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { type Destination, destinationKey } from '../../lib/domain/destination.ts';
import type { CertificateSpec } from '../../lib/domain/spec.ts';
import type { Instant } from '../../lib/domain/time.ts';
import type { Workflows } from '../../lib/ports/workflows.ts';
import { plus, START } from './decider.ts';
import { type TestServices, testServices } from './services.ts';

export const meta = { actor: 'test' };
export const prod: Destination = { kind: 'kubernetes', cluster: 'prod', namespace: 'shop', secretName: 'tls' };
export const PROD = deliveryStream(destinationKey(prod));
export const APP = certificateStream('shop', 'app');

/** A double of the state machines: it remembers what was started, and every execution runs for ever. */
function recordedWorkflows(): Workflows & { readonly started: string[] } {
  const started: string[] = [];
  return {
    started,
    async start(machine, name) {
      if (started.includes(`${machine} ${name}`)) return 'running';
      started.push(`${machine} ${name}`);
      return 'started';
    },
  };
}

export interface World {
  readonly services: Services;
  readonly started: readonly string[];
  readonly logged: TestServices['logged'];
  at(now: Instant): void;
  /** It ends with its test; where a test has many, each as soon as it can. */
  close(): Promise<void>;
}

/** Services at a time that the test sets, with executions that never end. */
export function world(more: Partial<Services> = {}): World {
  let now = START;
  const made = testServices({ clock: { now: () => now } });
  let ended = false;
  const close = async (): Promise<void> => {
    if (!ended) await made.close();
    ended = true;
  };
  onTestFinished(close);
  const workflows = recordedWorkflows();
  const services = { ...made.services, workflows, ...more };
  return {
    services,
    started: workflows.started,
    logged: made.logged,
    close,
    at(next) {
      now = next;
    },
  };
}

export const request = ({ ledger }: Services, name: string, spec: CertificateSpec, uid = `uid-${name}`) =>
  ledger.handle(
    certificateDecider,
    certificateStream('shop', name),
    { type: 'Request', uid, spec, policyVersion: 1 },
    meta,
  );

export async function issue({ ledger }: Services, name: string, revision: number, uid = `uid-${name}`): Promise<void> {
  const facts = { revision, generation: 1, serial: '01', fingerprint: `f${revision}`, chainRef: 'c', keyRef: 'k' };
  const issued = { ...facts, notBefore: START, notAfter: plus(90 * 86_400) };
  await ledger.handle(certificateDecider, certificateStream('shop', name), { type: 'RecordIssued', uid, issued }, meta);
}

export const delivery = async ({ ledger }: Services, stream = PROD) =>
  (await ledger.load(deliveryDecider, stream)).state;
export const certificate = async ({ ledger }: Services, name = 'app') =>
  (await ledger.load(certificateDecider, certificateStream('shop', name))).state as LiveCertificate;

/** Pursues every stream, again and again, until nothing more happens. */
export async function settle(services: Services, copies = 1): Promise<void> {
  for (;;) {
    const before = await versions(services);
    const streams = Object.keys(before);
    for (const stream of copies === 1 ? streams : streams.reverse())
      await Promise.all(Array.from({ length: copies }, () => pursue(services, stream)));
    const after = await versions(services);
    if (JSON.stringify(after) === JSON.stringify(before)) return;
  }
}

export async function versions({ store }: Services): Promise<Record<string, number>> {
  const streams = await store.streams('', 1000);
  return Object.fromEntries(
    await Promise.all(streams.map(async (stream) => [stream, (await store.head(stream))!.version] as const)),
  );
}

export async function states({ store }: Services): Promise<unknown[]> {
  const streams = await store.streams('', 1000);
  return Promise.all(streams.map(async (stream) => [stream, (await store.head(stream))!.snapshot.state]));
}
