import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { synthesizedTemplates } from '../../support/synthesized.ts';

interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: templates have any shape
  readonly Properties: any;
}
interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Export?: { readonly Name: string } }>>;
}

const STREAM = 'arn:aws:dynamodb:eu-central-1:123456789012:table/ledger-restored/stream/2026-11-22T09:00:00.000';

function templatesOf(config: object): Map<string, Template> {
  const files = synthesizedTemplates({ account: '123456789012', region: 'eu-central-1', ...config });
  return new Map(
    files.map((file) => [/chancery-(\w+)\.template/.exec(file)![1]!, JSON.parse(readFileSync(file, 'utf8'))]),
  );
}

const before = templatesOf({});
const after = templatesOf({
  restored: { ledger: { table: 'ledger-restored', stream: STREAM }, sealed: { table: 'sealed-restored' } },
});

const ofType = (stack: string, type: string): Resource[] =>
  Object.values(after.get(stack)!.Resources).filter(({ Type }) => Type === type);

it('Restored tables take the place of the own ones in every function, its role, and the feed', () => {
  const functions = [...ofType('workflow', 'AWS::Lambda::Function'), ...ofType('api', 'AWS::Lambda::Function')];
  expect(functions.length).toBeGreaterThan(12);
  for (const { Properties } of functions)
    expect(Properties.Environment.Variables).toMatchObject({
      LEDGER_TABLE: 'ledger-restored',
      SEALED_TABLE: 'sealed-restored',
      RESTORED_LEDGER: 'ledger-restored',
    });
  const readers = ofType('workflow', 'AWS::Lambda::EventSourceMapping');
  expect(readers.map(({ Properties }) => Properties.EventSourceArn)).toEqual([STREAM, STREAM]);
  const policies = JSON.stringify([...ofType('workflow', 'AWS::IAM::Policy'), ...ofType('api', 'AWS::IAM::Policy')]);
  expect(policies).toContain('table/ledger-restored');
  expect(policies).toContain('table/sealed-restored');
  expect(policies).not.toMatch(/ImportValue":"chancery-data:ExportsOutput\w+(ledger|sealed)(?!Key)/);
});

it('The own tables stay, with what other stacks know of them: no export is taken from a stack that still imports it', () => {
  const tables = (templates: Map<string, Template>) =>
    Object.entries(templates.get('data')!.Resources).filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table');
  expect(tables(after)).toEqual(tables(before));
  const exported = (templates: Map<string, Template>) =>
    Object.values(templates.get('data')!.Outputs!).flatMap(({ Export }) => (Export ? [Export.Name] : []));
  expect(exported(before).length).toBeGreaterThan(5);
  expect(exported(before).filter((name) => !exported(after).includes(name))).toEqual([]);
});
