import type { Cluster } from './shared/answers.ts';
import { pathOf } from './shared/client.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { readText } from './shared/input.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';

interface Access {
  readonly kubeconfig?: string;
  readonly eks?: string;
  readonly region?: string;
  readonly server?: string;
  readonly ca?: string;
  readonly role?: string;
}

/** What gives access, as the API takes it. */
async function accessOf({ kubeconfig, eks, region, server, ca, role }: Access): Promise<object> {
  if (eks === undefined) {
    if (kubeconfig !== undefined) return { kubeconfig: await readText(kubeconfig, '--kubeconfig') };
    throw usageError('--kubeconfig is missing', 'give --kubeconfig FILE, or - for stdin; or --eks');
  }
  if (kubeconfig !== undefined) throw usageError('--kubeconfig and --eks exclude each other');
  if (!region || !server || !ca) throw usageError('--eks needs --region, --server and --ca');
  return { server, ca: await readText(ca, '--ca'), eks: { name: eks, region, ...(role && { roleArn: role }) } };
}

export const command = clientCommand({
  name: 'cluster register',
  summary: 'Register a Kubernetes cluster, or give it other access.',
  positionals: ['NAME'],
  flags: {
    kubeconfig: { kind: 'text', value: 'FILE', help: 'A kubeconfig with inline data only (`-`: stdin).' },
    eks: {
      kind: 'text',
      value: 'NAME',
      help: 'In place of a kubeconfig: a cluster of EKS that knows the service by its role.',
    },
    region: { kind: 'text', value: 'REGION', help: 'With --eks: its region.' },
    server: { kind: 'text', value: 'URL', help: 'With --eks: its API server.' },
    ca: { kind: 'text', value: 'FILE', help: "With --eks: the API server's CA, PEM (`-`: stdin)." },
    role: { kind: 'text', value: 'ARN', help: 'With --eks: the role that the service assumes. Default: its own.' },
    ...OUTPUT,
  },
  examples: [
    'chancery cluster register prod --kubeconfig prod.yaml',
    'chancery cluster register prod --eks prod-1 --region eu-central-1 --server https://A1B2.gr7.eu-central-1.eks.amazonaws.com --ca ca.pem',
    'kubectl config view --raw --minify --flatten | chancery cluster register prod --kubeconfig -',
  ],
  notes: [
    'What gives access to the cluster is sealed by the service and shown to nobody. docs/clusters.md tells which rights it needs.',
  ],
  async run(context, flags, [name = '']) {
    const format = formatOf(flags.output);
    const body = await accessOf(flags);
    const answer = await context.client().request<Cluster>('PUT', pathOf('v1', 'clusters', name), { body });
    if (isData(format)) return showData(context.terminal, format, answer.body);
    context.terminal.print(
      `cluster ${name} ${answer.status === 201 ? 'registered' : 'has this access'}: ${answer.body.server}`,
    );
    context.terminal.print(`See whether it answers: chancery cluster get ${name}`);
  },
});
