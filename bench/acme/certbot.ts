import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { inLanes, type Prepare } from './runner.ts';

const run = promisify(execFile);

/**
 * certbot as a person runs it, a process for each certificate; http-01 through a webroot. A lane has its own folders,
 * since certbot locks them.
 */
export const prepare: Prepare = async (job) => {
  const folder = mkdtempSync(join(tmpdir(), 'certbot-bench-'));
  const webroot = join(folder, 'web');
  mkdirSync(webroot);
  writeFileSync(join(folder, 'ca.pem'), job.caPem);
  const env = { ...process.env, REQUESTS_CA_BUNDLE: join(folder, 'ca.pem') };
  const certbot = (lane: string, ...args: string[]) => {
    const folders = ['config', 'work', 'logs'].flatMap((name) => [`--${name}-dir`, join(folder, lane, name)]);
    return run('certbot', [...args, '--server', job.directoryUrl, '--non-interactive', ...folders], { env });
  };
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(webroot, '.well-known/acme-challenge', basename(request.url ?? ''))));
    } catch {
      response.writeHead(404).end();
    }
  });
  if (job.challenge.type !== 'http-01') throw new Error('certbot is measured by http-01 alone');
  await new Promise<void>((resolve) => server.listen((job.challenge as { port: number }).port, '127.0.0.1', resolve));
  const lanes = Array.from({ length: job.concurrency }, (_, index) => `lane${index}`);
  await inLanes(lanes, 2, (lane) => certbot(lane, 'register', '--agree-tos', '--register-unsafely-without-email'));
  const idle = [...lanes];
  return {
    issue: (certificates, concurrency) =>
      inLanes(certificates, concurrency, async (names) => {
        const lane = idle.pop()!;
        const domains = names.flatMap((name) => ['-d', name]);
        await certbot(lane, 'certonly', '--webroot', '-w', webroot, '--key-type', 'ecdsa', ...domains);
        idle.push(lane);
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
