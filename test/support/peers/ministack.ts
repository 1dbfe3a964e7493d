import { dirname } from 'node:path';
import { freePort } from '../ports.ts';
import { type RunningProcess, startProcess } from '../processes.ts';
import { tempDir } from '../temp.ts';
import { install, pythonEnvs } from './pythonEnvs.ts';

/** A running AWS emulator. Its state is in memory and ends with it. */
export interface Ministack extends RunningProcess {
  /** Where every AWS API is served: `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly port: number;
  readonly region: string;
  /** It takes any credentials; these are made up. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

const region = 'eu-central-1';

/** Starts the emulator on a free loopback port; ready in about a second. `env` is added to its environment, which is otherwise its own. */
export async function startMinistack(env: Readonly<Record<string, string>> = {}): Promise<Ministack> {
  const python = await install(pythonEnvs.ministack);
  const home = tempDir('ministack');
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const running = await startProcess({
    command: python,
    args: ['-m', 'ministack'],
    cwd: home,
    env: {
      // It runs functions with the first `node` of its PATH, and they inherit its whole environment.
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: home,
      TMPDIR: home,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      // Or its MQTT port is opened on all addresses.
      IOT_MTLS_ENABLED: '0',
      MINISTACK_REGION: region,
      LOG_LEVEL: 'WARNING',
      ...env,
    },
    ready: () =>
      fetch(`${endpoint}/_ministack/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    timeout: 60_000,
  });
  return { ...running, endpoint, port, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}
