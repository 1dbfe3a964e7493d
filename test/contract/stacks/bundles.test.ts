import { readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENVIRONMENT, importTime } from '../../../bench/lambda/importTime.ts';
import { BundleOverBudget, bundleOf, checkBudget, sizeOf } from '../../../lib/stacks/bundles.ts';
import { type FunctionName, type FunctionSpec, functionNames, functions } from '../../../lib/stacks/functions.ts';
import { synthesizedTemplates } from '../../support/synthesized.ts';
import { tempDir } from '../../support/temp.ts';

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
    size: sizeOf({ code }),
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

it('A bundle over its budget is no build', () => {
  const code = 'x'.repeat(functions.http01.budget * 1024);
  expect(() => checkBudget('http01', { code })).not.toThrow();
  expect(() => checkBudget('http01', { code: `${code}x` })).toThrow(BundleOverBudget);
  expect(() => checkBudget('http01', { code: `${code}x` })).toThrow(/http01 has 301 KiB of code, and may have 300/);
});

it('The bench loads what needs the most, cold and warm, with the variables that the stacks give', {
  timeout: 180_000,
}, async () => {
  const given = synthesizedTemplates({}).flatMap((file) => {
    const { Resources } = JSON.parse(readFileSync(file, 'utf8')) as {
      Resources: Record<string, { Type: string; Properties: { Environment?: { Variables: object } } }>;
    };
    const functionsOf = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    return functionsOf.flatMap(({ Properties }) => Object.keys(Properties.Environment?.Variables ?? {}));
  });
  expect(Object.keys(ENVIRONMENT).sort()).toEqual([...new Set([...given, 'AWS_REGION'])].sort());
  const file = join(tempDir('bench'), 'api.mjs');
  writeFileSync(file, (await bundleOf('api')).code);
  const { cold, warm } = await importTime(file);
  expect(cold).toBeGreaterThan(0);
  expect(warm).toBeGreaterThan(0);
});
