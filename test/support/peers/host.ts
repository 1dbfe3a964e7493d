import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type Deployment, startDeployment } from './deployment.ts';
import { type Kubernetes, startKubernetes } from './kubernetes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the suites of a run ask for the peers that they share. */
    readonly peers: string;
  }
}

/**
 * The peers that all suites of one run share belong to the process that runs the suites, not to the worker that asked first.
 * `GET /kubernetes` starts the API server at the first question and answers with its ClusterAddress; `GET /deployment` the app on the emulator,
 * with its DeploymentAddress; `GET /deployment/log` tells what the emulator said.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, close } = await startHost();
  project.provide('peers', url);
  return close;
}

/** Serves the shared peers on a free loopback port. */
async function startHost(): Promise<{ readonly url: string; close(): Promise<void> }> {
  let cluster: Promise<Kubernetes> | undefined;
  let deployment: Promise<Deployment> | undefined;
  const answer = async (path = ''): Promise<string> => {
    if (path === '/kubernetes') {
      cluster ??= startKubernetes();
      const { server, caPem, admin, pid } = await cluster;
      return JSON.stringify({ server, caPem, admin, pid });
    }
    deployment ??= startDeployment();
    const { log, stop, ...address } = await deployment;
    return path === '/deployment/log' ? log() : JSON.stringify(address);
  };
  const server = createServer((request, response) => {
    answer(request.url).then(
      (text) => response.end(text),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.close();
      await (await cluster?.catch(() => undefined))?.stop();
      await (await deployment?.catch(() => undefined))?.stop();
    },
  };
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
