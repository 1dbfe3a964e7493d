import { text } from 'node:stream/consumers';
import type { Job, Prepare, Timings } from './runner.ts';

/**
 * One client in a process of its own: `child.ts MODULE`, the job as JSON on standard input, timings as JSON on standard output. A certificate
 * is issued before the measured ones, so that no client pays for starting.
 */
const { prepare } = (await import(process.argv[2]!)) as { prepare: Prepare };
const job: Job = JSON.parse(await text(process.stdin));
const ready = await prepare(job);
await ready.issue([[`warm-${process.pid}.example.test`]], 1);
const [began, before] = [performance.now(), process.cpuUsage()];
await ready.issue(job.certificates, job.concurrency);
const milliseconds = performance.now() - began;
const { user, system } = process.cpuUsage(before);
await ready.close();
const timings: Timings = {
  milliseconds,
  cpuMilliseconds: (user + system) / 1000,
  // maxRSS is in KiB.
  peakMiB: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(timings));
