import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { installation } from '../../lib/stacks/app.ts';
import { parseConfig } from '../../lib/stacks/config.ts';
import { tempDir } from './temp.ts';

/**
 * Synthesizes an installation, with code that is none: only the templates matter.
 * @param input a configuration as an operator writes it
 * @returns paths of the templates
 */
export function synthesizedTemplates(input: unknown): string[] {
  const outdir = tempDir('synthesized');
  const code = join(outdir, 'code');
  mkdirSync(code);
  writeFileSync(join(code, 'index.mjs'), '');
  const out = join(outdir, 'out');
  const app = new App({ outdir: out });
  installation({ config: parseConfig(input), version: '1.2.3', codeOf: () => code }, app);
  app.synth();
  return readdirSync(out)
    .filter((name) => name.endsWith('.template.json'))
    .map((name) => join(out, name));
}
