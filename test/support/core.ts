import { createHash } from 'node:crypto';
import type { Services } from '../../lib/application/services.ts';
import { certificateDecider } from '../../lib/domain/certificate.decide.ts';
import { certificateStream, type LiveCertificate } from '../../lib/domain/certificate.ts';
import { clusterDecider, clusterStream } from '../../lib/domain/cluster.ts';
import { credentialDecider, credentialStream } from '../../lib/domain/credential.ts';
import { deliveryDecider } from '../../lib/domain/delivery.decide.ts';
import { deliveryStream } from '../../lib/domain/delivery.ts';
import { destinationKey } from '../../lib/domain/destination.ts';
import { issuanceDecider } from '../../lib/domain/issuance.decide.ts';
import { issuanceStream } from '../../lib/domain/issuance.ts';
import { issuerDecider, issuerStream, SHARED } from '../../lib/domain/issuer.ts';
import { policyOf } from '../../lib/domain/policy.ts';
import type { CertificateSpec, IssuerSpec } from '../../lib/domain/spec.ts';
import { teamDecider, teamStream } from '../../lib/domain/team.ts';
import { type Composed, type ComposeOptions, compose } from '../../server/compose.ts';
import { openDataFolder } from '../../server/dataFolder.ts';
import { type Engine, startEngine } from '../../server/engine.ts';

export { specOf } from './specs.ts';

const meta = { actor: 'test' };

/** The service without its listeners: ledger, engine and state machines on a data folder. */
export interface Core {
  readonly services: Services;
  readonly composed: Composed;
  readonly engine: Engine;
  stop(): Promise<void>;
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** Starts the core on a data folder; it may dial any address, because all peers are on loopback. */
export async function startCore(
  folder: string,
  options: Partial<Pick<ComposeOptions, 'decorate' | 'observer' | 'log' | 'directoryRoots' | 'workflows'>> = {},
): Promise<Core> {
  const data = openDataFolder(folder);
  const composed = await compose({
    folder: data,
    version: '0.0.0',
    allow: ['*'],
    directoryRoots: [],
    log: quiet,
    ...options,
  });
  const engine = await startEngine(composed);
  return {
    services: composed.services,
    composed,
    engine,
    async stop() {
      await engine.stop();
      await composed.close();
      data.release();
    },
  };
}

/** A team that may have anything. */
export async function putTeam({ ledger }: Services, team: string): Promise<void> {
  const policy = policyOf(team, { names: ['**'], destinations: ['**', 'directory:**'] });
  await ledger.handle(teamDecider, teamStream(team), { type: 'Put', policy }, meta);
}

export async function putIssuer({ ledger }: Services, owner: string, name: string, spec: IssuerSpec): Promise<void> {
  await ledger.handle(issuerDecider, issuerStream(owner, name), { type: 'Configure', spec }, meta);
}

export async function putCredential(
  { ledger, vault }: Services,
  owner: string,
  name: string,
  fields: Readonly<Record<string, string>>,
  version = 1,
): Promise<void> {
  const ref = `credential/${owner}/${name}/${version}`;
  await vault.seal(ref, owner, Buffer.from(JSON.stringify(fields)));
  const command = { type: 'RecordSealed', ref, kind: 'Opaque', fields: Object.keys(fields) } as const;
  await ledger.handle(credentialDecider, credentialStream(owner, name), command, meta);
}

export async function putCluster(
  { ledger, vault, clusters }: Services,
  name: string,
  kubeconfig: string,
  version = 1,
): Promise<void> {
  const access = clusters.parseKubeconfig(kubeconfig);
  const credentialRef = `cluster/${name}/${version}`;
  await vault.seal(credentialRef, SHARED, Buffer.from(JSON.stringify(access)));
  const caFingerprint = createHash('sha256').update(access.ca).digest('hex');
  const command = { type: 'Register', endpoint: access.server, caFingerprint, credentialRef } as const;
  await ledger.handle(clusterDecider, clusterStream(name), command, meta);
}

export async function requestCertificate(
  services: Services,
  team: string,
  name: string,
  spec: CertificateSpec,
): Promise<void> {
  const command = { type: 'Request', uid: services.ids.uuid(), spec, policyVersion: 1 } as const;
  await services.ledger.handle(certificateDecider, certificateStream(team, name), command, meta);
}

export async function loadCertificate({ ledger }: Services, team: string, name: string): Promise<LiveCertificate> {
  const { state } = await ledger.load(certificateDecider, certificateStream(team, name));
  if (state.status !== 'live') throw new Error(`${team}/${name} is ${state.status}`);
  return state;
}

/**
 * Polls until `check` answers something; throws with `what` when that takes too long: longer than the minute after which the scan takes over what a
 * reaction left.
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  timeout = 90_000,
): Promise<T> {
  const until = performance.now() + timeout;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > until) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits until the certificate's newest revision is issued, cleaned up, and confirmed by every destination. */
export async function settled(
  services: Services,
  team: string,
  name: string,
  timeout = 90_000,
): Promise<LiveCertificate> {
  const { ledger } = services;
  return eventually(
    `${team}/${name} settles`,
    async () => {
      const certificate = await loadCertificate(services, team, name);
      const { issued, issuing, uid, generation, spec } = certificate;
      if (!issued || issuing) return false;
      const issuance = await ledger.load(issuanceDecider, issuanceStream(uid, issued.revision));
      if (issuance.state.status !== 'succeeded' || issuance.state.uncleaned) return false;
      for (const destination of spec.destinations) {
        const { state } = await ledger.load(deliveryDecider, deliveryStream(destinationKey(destination)));
        const { observed } = state;
        if (state.status !== 'confirmed' || observed?.revision !== issued.revision) return false;
        if (observed.generation !== generation) return false;
      }
      return certificate;
    },
    timeout,
  );
}
