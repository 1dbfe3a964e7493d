import type { Cluster } from './shared/answers.ts';
import { pathOf } from './shared/client.ts';
import { clientCommand } from './shared/command.ts';
import { usageError } from './shared/errors.ts';
import { readText } from './shared/input.ts';
import { formatOf, isData, OUTPUT, showData } from './shared/output.ts';

export const command = clientCommand({
  name: 'cluster register',
  summary: 'Register a Kubernetes cluster, or give it other access.',
  positionals: ['NAME'],
  flags: {
    kubeconfig: { kind: 'text', value: 'FILE', help: 'A kubeconfig with inline data only (`-`: stdin).' },
    ...OUTPUT,
  },
  examples: [
    'chancery cluster register prod --kubeconfig prod.yaml',
    'kubectl config view --raw --minify --flatten | chancery cluster register prod --kubeconfig -',
  ],
  notes: [
    'What gives access to the cluster is sealed by the service and shown to nobody. docs/clusters.md tells which rights it needs.',
  ],
  async run(context, flags, [name = '']) {
    const format = formatOf(flags.output);
    if (flags.kubeconfig === undefined)
      throw usageError('--kubeconfig is missing', 'give --kubeconfig FILE, or - for stdin');
    const body = { kubeconfig: await readText(flags.kubeconfig, '--kubeconfig') };
    const answer = await context.client().request<Cluster>('PUT', pathOf('v1', 'clusters', name), { body });
    if (isData(format)) return showData(context.terminal, format, answer.body);
    context.terminal.print(
      `cluster ${name} ${answer.status === 201 ? 'registered' : 'has this access'}: ${answer.body.server}`,
    );
    context.terminal.print(`See whether it answers: chancery cluster get ${name}`);
  },
});
