import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { residentMiB } from '../support.ts';
import { type Job, type Prepare, STEP, type Timings } from './runner.ts';

/**
 * One client in a process of its own: `child.ts MODULE`, the job as JSON on standard input, timings as JSON on standard
 * output. A certificate is issued before the measured ones, so that no client pays for starting.
 */

/**
 * CPU milliseconds of this process and of the children that it waited for. Children are read from /proc, in ticks of 10
 * ms.
 */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  let children = 0;
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
    children = (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    // Not on Linux: only clients that start programs of their own are told too little.
  }
  return (user + system) / 1000 + children;
}

// As bin/chancery.js does it, for every client.
enableCompileCache(join(import.meta.dirname, '../../.cache/compiled'));
const { prepare } = (await import(process.argv[2]!)) as { prepare: Prepare };
const job: Job = JSON.parse(await text(process.stdin));
const ready = await prepare(job);
await ready.issue([[`warm-${process.pid}.example.test`]], 1);
const resident: number[] = [];
const [began, before] = [performance.now(), cpu()];
for (let done = 0; done < job.certificates.length; done += STEP) {
  await ready.issue(job.certificates.slice(done, done + STEP), job.concurrency);
  resident.push(residentMiB());
}
const [milliseconds, cpuMilliseconds] = [performance.now() - began, cpu() - before];
await ready.close();
// maxRSS is in KiB.
const peakMiB = process.resourceUsage().maxRSS / 1024;
const timings: Timings = { milliseconds, cpuMilliseconds, peakMiB, residentMiB: resident };
console.log(JSON.stringify(timings));
process.exit(0);
