import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cliOnPath, type ServedCli, startServe } from '../support/cli.ts';
import { tempDir } from '../support/temp.ts';
import { readTranscript, runStep } from '../support/transcript.ts';

const folder = join(import.meta.dirname, 'transcripts');
const transcripts = readdirSync(folder).map((file) => {
  const name = file.replace(/\.txt$/, '');
  return { name, steps: readTranscript(readFileSync(join(folder, file), 'utf8')) };
});

const certificate = (name: string, spec: string, namespace = '\n  namespace: payments'): string =>
  `apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: ${name}${namespace}
spec:
  secretName: ${name}
  ${spec}
`;
const issuer = (name: string, spec: string): string =>
  `apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: ${name}
  namespace: payments
spec:
  ${spec}
`;
const FILES = {
  'good.yaml': [
    issuer('bootstrap', 'selfSigned: {}'),
    certificate(
      'root',
      'isCA: true\n  commonName: Payments Root\n  dnsNames: [root.test]\n  issuerRef: { name: bootstrap }',
    ),
    issuer('internal', 'ca: { secretName: root }'),
    certificate('leaf', 'dnsNames: [leaf.payments.test]\n  issuerRef: { name: internal }'),
  ].join('---\n'),
  'bad.yaml': [
    certificate('one', 'dnsNames: [one.test]\n  issuerRef: { name: bootstrap }'),
    certificate('two', 'dnsName: [two.test]\n  issuerRef: { name: bootstrap }'),
    'apiVersion: v1\nkind: Secret\nmetadata: { name: tsig }\n',
  ].join('---\n'),
  'refused.yaml': [
    certificate('three', 'dnsNames: [three.test]\n  issuerRef: { name: bootstrap }'),
    certificate('four', 'dnsNames: [www.example.com]\n  issuerRef: { name: absent }'),
  ].join('---\n'),
  'broken.yaml': 'apiVersion: v1\n  kind: x\n',
  'noNamespace.yaml': certificate('five', 'dnsNames: [five.test]\n  issuerRef: { name: bootstrap }', ''),
};

describe.each(transcripts)('The transcript $name', ({ steps }) => {
  let service: ServedCli;
  let env: Record<string, string>;
  const seen: string[] = [];

  beforeAll(async () => {
    const root = tempDir('cli');
    const dir = join(root, 'dir');
    mkdirSync(dir);
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(dir, name), text);
    service = await startServe(join(root, 'data'), ['--directory-root', dir]);
    env = {
      PATH: `${cliOnPath()}:${process.env.PATH}`,
      CHANCERY_DATA: service.data,
      DIR: dir,
      URL: service.url,
      CA: join(service.data, 'tls/ca.crt'),
      NO_COLOR: '1',
      // What npm says about itself is not of interest here.
      npm_config_loglevel: 'error',
      npm_config_update_notifier: 'false',
    };
  });
  afterAll(async () => {
    service.child.kill('SIGINT');
    await service.ended;
  });

  it.each(steps)('$line: $command', async (step) => {
    const lines = await runStep(step, env);
    seen.push(...lines);
    expect(lines.join('\n')).toBe(step.expected.join('\n'));
  });

  it('shows no secret', () => {
    const text = `${seen.join('\n')}${service.output()}`;
    expect(text).not.toContain(readFileSync(join(service.data, 'admin.token'), 'utf8').trim());
    expect(text).not.toMatch(/PRIVATE KEY|chy_[0-9a-f]+_|value of a secret/);
  });
});
