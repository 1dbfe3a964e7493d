import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { type Service, serve } from '../../server/serve.ts';
import { ask } from '../support/httpAnswer.ts';
import { type IdentityIssuer, startIdentityIssuer } from '../support/peers/identityIssuer.ts';
import { tempDir } from '../support/temp.ts';
import { apiContract, type RunningApi } from './api.ts';

describe('The API of the embedded service', () => {
  let identity: IdentityIssuer & { stop(): Promise<void> };
  let service: Service;
  let running: RunningApi;
  beforeAll(async () => {
    identity = await startIdentityIssuer();
    const { issuer, audience, caPem: ca } = identity;
    const listen = { host: '127.0.0.1', port: 0 };
    const quiet = { info: () => {}, warn: () => {}, error: () => {} };
    service = await serve({
      version: '0.0.0-test',
      data: join(tempDir('api'), 'data'),
      api: listen,
      challenges: listen,
      hosts: [],
      allow: ['127.0.0.1'],
      directoryRoots: [],
      log: quiet,
      oidc: { issuer, audience, ca },
    });
    const [admin, root] = [service.tokenFile, service.caFile].map((file) => readFileSync(file, 'utf8').trim());
    running = {
      identity,
      send: (method, path, sent) => ask(service.url, root, method, path, { token: admin, ...sent }),
    };
  });
  afterAll(async () => {
    await service?.stop();
    await identity?.stop();
  });

  apiContract(() => running);
});
