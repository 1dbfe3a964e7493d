import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyAndCertificate, makeAuthority, type TestAuthority } from '../authority.ts';
import { freePort } from '../ports.ts';
import { type RunningProcess, startProcess } from '../processes.ts';
import { tempDir } from '../temp.ts';
import { build, goModules } from './goModules.ts';
import { kubeCall } from './kubeClient.ts';
import { type ClusterHelpers, clusterHelpers } from './kubeHelpers.ts';

/** How to reach a cluster as its administrator; plain data, so that it can be handed to another process. */
export interface ClusterAddress {
  /** `https://127.0.0.1:port`. */
  readonly server: string;
  /** Root of the server's TLS certificate, and of the client certificates. */
  readonly caPem: string;
  readonly admin: KeyAndCertificate;
  /** Process of the API server. */
  readonly pid: number;
}

/** A running kube-apiserver (with etcd in the same process). It has no controllers and no nodes. */
export interface Kubernetes extends ClusterAddress, ClusterHelpers, RunningProcess {
  /** Ends the server but keeps its data; `up` starts it again on the same port with the same identity. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** A client certificate of the cluster's CA for the user (CN) and groups (O). */
  clientCertificate(user: string, groups?: readonly string[]): Promise<KeyAndCertificate>;
}

/** Starts an API server on a free loopback port with RBAC; ready in 3 to 5 seconds. */
export async function startKubernetes(): Promise<Kubernetes> {
  const program = join(await build(goModules.kubetest), 'kubetest');
  const folder = tempDir('kubernetes');
  const authority = await makeAuthority('kubernetes-test');
  const admin = await clientCertificate(authority, 'admin', ['system:masters']);
  const [port, etcdPort] = [await freePort(), await freePort()];
  const server = `https://127.0.0.1:${port}`;
  await writeIdentity(folder, authority);
  const call = kubeCall(server, authority.certPem, admin);
  const launch = () =>
    startProcess({
      command: program,
      args: ['--etcd-dir', join(folder, 'etcd'), '--etcd-port', String(etcdPort), '--', ...flags(folder, port)],
      cwd: folder,
      ready: () =>
        call('GET', '/readyz').then(
          (answer) => answer.status === 200,
          () => false,
        ),
      timeout: 90_000,
    });
  let running = await launch();
  return {
    server,
    caPem: authority.certPem,
    admin,
    get pid() {
      return running.pid;
    },
    log: () => running.log(),
    pause: () => running.pause(),
    resume: () => running.resume(),
    stop: () => running.stop(),
    down: () => running.stop(),
    up: async () => {
      running = await launch();
    },
    clientCertificate: (user, groups = []) => clientCertificate(authority, user, groups),
    ...clusterHelpers({ server, caPem: authority.certPem, admin }),
  };
}

function clientCertificate(
  authority: TestAuthority,
  user: string,
  groups: readonly string[],
): Promise<KeyAndCertificate> {
  const subject = [`CN=${user}`, ...groups.map((group) => `O=${group}`)].join(', ');
  return authority.issue({ subject, usage: 'client' });
}

/** CA, serving certificate and the key that signs service account tokens. */
async function writeIdentity(folder: string, authority: TestAuthority): Promise<void> {
  const names = ['127.0.0.1', 'localhost', 'kubernetes.default.svc'];
  const serving = await authority.issue({ subject: 'CN=kube-apiserver', names, usage: 'server' });
  const accounts = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  mkdirSync(join(folder, 'etcd'), { mode: 0o700 });
  writeFileSync(join(folder, 'ca.pem'), authority.certPem);
  writeFileSync(join(folder, 'serving.pem'), serving.certPem);
  writeFileSync(join(folder, 'serving-key.pem'), serving.keyPem, { mode: 0o600 });
  const sec1 = accounts.export({ type: 'sec1', format: 'pem' });
  writeFileSync(join(folder, 'accounts-key.pem'), sec1, { mode: 0o600 });
}

const flags = (folder: string, port: number): string[] => [
  '--bind-address=127.0.0.1',
  '--advertise-address=127.0.0.1',
  `--secure-port=${port}`,
  `--tls-cert-file=${join(folder, 'serving.pem')}`,
  `--tls-private-key-file=${join(folder, 'serving-key.pem')}`,
  `--client-ca-file=${join(folder, 'ca.pem')}`,
  `--service-account-key-file=${join(folder, 'accounts-key.pem')}`,
  `--service-account-signing-key-file=${join(folder, 'accounts-key.pem')}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  '--authorization-mode=RBAC',
  '--endpoint-reconciler-type=none',
  '--service-cluster-ip-range=10.96.0.0/24',
  `--cert-dir=${folder}`,
];
