import { isBuiltin } from 'node:module';
import { describe, expect, it } from 'vitest';
import { bundleOf } from '../../../lib/stacks/bundles.ts';
import { type FunctionName, type FunctionSpec, functionNames, functions } from '../../../lib/stacks/functions.ts';

/** The clients of the SDK that a function's row allows it to have. */
function clientsOf({ vault, also = [] }: FunctionSpec): string[] {
  const clients = [
    'dynamodb',
    ...(vault ? ['kms'] : []),
    ...(also.includes('machines') ? ['sfn'] : []),
    ...(also.includes('bus') ? ['eventbridge'] : []),
    ...(also.includes('deadLetters') ? ['lambda', 'sqs'] : []),
    ...(also.includes('eks') ? ['sts'] : []),
    ...(also.includes('route53') ? ['route-53', 'sts'] : []),
    ...(also.includes('secretsManager') ? ['secrets-manager', 'sts'] : []),
  ];
  return [...new Set(clients)].sort();
}

async function bundled(name: FunctionName) {
  const { code, metafile } = await bundleOf(name);
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
  const clients = inputs.map((path) => /node_modules\/@aws-sdk\/client-([\w-]+)/.exec(path)?.[1]).filter(Boolean);
  // What is loaded only when it is called may be absent; what is loaded at the start must be in it, or in Node.
  const loaded = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  const missing = loaded.filter(
    ({ kind, external, path }) => external && kind !== 'dynamic-import' && !isBuiltin(path),
  );
  return {
    size: Buffer.byteLength(code) / 1024,
    clients: [...new Set(clients)].sort(),
    missing: missing.map(({ path }) => path),
  };
}

describe.each(functionNames)('The bundle of %s', (name) => {
  it('is whole and within its budget, and has the clients of the SDK that its role has a use for, and no others', async () => {
    const { size, clients, missing } = await bundled(name);
    expect(size).toBeGreaterThan(50);
    expect(size).toBeLessThanOrEqual(functions[name].budget);
    expect(clients).toEqual(clientsOf(functions[name]));
    expect(missing).toEqual([]);
  });
});
