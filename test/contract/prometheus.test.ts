import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { processMetrics } from '../../server/metrics.ts';
import { readPage } from '../docs/markdown.ts';
import { runCommand } from '../support/commands.ts';
import { issueNow } from '../support/issue.ts';
import { describeWith } from '../support/peers/describeWith.ts';
import { repository } from '../support/peers/paths.ts';
import { tempDir } from '../support/temp.ts';
import { webApi } from '../support/webApi.ts';

const RULES = join(repository, 'deploy/prometheus/chancery.rules.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly runbook: string };
}
const rules = (): Rule[] =>
  (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

/** Names that promtool would have otherwise: cert-manager's own, which its boards ask for, and those that prom-client gives to every Node process. */
const MEANT = [
  'certmanager_clock_time_seconds_gauge ',
  'certmanager_http_acme_client_request_count ',
  'certmanager_controller_sync_',
  'nodejs_active_',
];

/** /metrics of a service that has a certificate, with the metrics of its process. */
async function metrics(): Promise<string> {
  const own = processMetrics();
  own.watch({ running: () => 0, lastScan: () => 0 });
  own.observe({ operation: 'x', status: 200, seconds: 1 });
  own.count([{ reason: 'Expiring', metrics: { Renewed: 1 } }]);
  own.acme({ scheme: 'https', host: 'ca.test', action: 'newOrder', method: 'POST', status: 201, seconds: 1 });
  own.observer.task('Order', 'done', 1, { input: {}, answer: {} });
  const api = await webApi({ metrics: () => own.text() });
  try {
    await api.putApp();
    await issueNow(api.services, 'web', 'app');
    await api.projected();
    return (await api.send('GET', '/metrics')).body;
  } finally {
    await api.close();
  }
}

describeWith(['prometheus'], 'Prometheus', () => {
  it('loads the rules', async () => {
    const { code, stdout, stderr } = await runCommand('promtool', ['check', 'rules', RULES]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${rules().length} rules found`);
  });

  it('takes the configuration that docs/metrics.md shows', async () => {
    const page = readFileSync(join(repository, 'docs/metrics.md'), 'utf8');
    const [, shown = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const folder = tempDir('prometheus');
    writeFileSync(join(folder, 'chancery.rules.yaml'), readFileSync(RULES));
    writeFileSync(join(folder, 'token'), 'none');
    const config = shown.replace(/\/etc\/prometheus\/[\w.-]+/g, join(folder, 'token'));
    writeFileSync(join(folder, 'prometheus.yml'), config);
    // Its certificates are not read: only the configuration is.
    const args = ['check', 'config', '--syntax-only', join(folder, 'prometheus.yml')];
    const { code, stderr } = await runCommand('promtool', args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(config).toContain('honor_labels: true');
  });

  it('raises each alert when it should, and not before', async () => {
    const file = join(repository, 'test/fixtures/prometheus.rules.test.yaml');
    const { code, stdout, stderr } = await runCommand('promtool', ['test', 'rules', file]);
    expect({ code, output: stdout + stderr }).toMatchObject({ code: 0 });
    const tested = readFileSync(file, 'utf8');
    for (const { alert } of rules()) expect(tested, alert).toContain(`alertname: ${alert}\n`);
  });

  it('reads /metrics, and finds there what every rule asks for', async () => {
    const text = await metrics();
    const { stdout, stderr } = await runCommand('promtool', ['check', 'metrics'], text);
    const findings = `${stdout}${stderr}`.trim().split('\n');
    expect(findings.filter((line) => !MEANT.some((meant) => line.startsWith(meant)))).toEqual([]);
    const names = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!));
    for (const { alert, expr } of rules()) {
      const asked = expr.match(/\b(?:certmanager|chancery)_\w+/g) ?? [];
      expect(asked.length, alert).toBeGreaterThan(0);
      for (const name of asked) expect(names, alert).toContain(name.replace(/_count$/, ''));
    }
  });

  it('is led by every alert to a heading of the runbook', () => {
    const { anchors } = readPage('docs/runbook.md', readFileSync(join(repository, 'docs/runbook.md'), 'utf8'));
    for (const { alert, annotations } of rules()) {
      const [file, heading] = annotations.runbook.split('#');
      expect(file, alert).toBe('docs/runbook.md');
      expect(anchors, alert).toContain(heading);
    }
  });
});
