import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type ClusterAddress, type Kubernetes, startKubernetes } from './kubernetes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the suites of a run ask for the peers that they share. */
    readonly peers: string;
  }
}

/**
 * The peers that all suites of one run share belong to the process that runs the suites, not to the worker that asked first.
 * `GET /kubernetes` starts the API server at the first question and answers with its ClusterAddress.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let cluster: Promise<Kubernetes> | undefined;
  const server = createServer((_request, response) => {
    cluster ??= startKubernetes();
    cluster.then(
      ({ server, caPem, admin, pid }) =>
        response.end(JSON.stringify({ server, caPem, admin, pid } satisfies ClusterAddress)),
      (error) => response.writeHead(500).end(String(error)),
    );
  });
  project.provide('peers', `http://127.0.0.1:${await listen(server)}`);
  return async () => {
    server.close();
    await (await cluster?.catch(() => undefined))?.stop();
  };
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
