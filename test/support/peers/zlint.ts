import { join } from 'node:path';
import { runCommand } from '../commands.ts';
import { build, goModules } from './goModules.ts';

/** What zlint holds against a certificate. */
export interface LintFinding {
  /** Such as `e_sub_cert_not_is_ca`; the first letter tells the severity too. */
  readonly lint: string;
  readonly result: 'warn' | 'error' | 'fatal';
  readonly details?: string;
}

/** Every finding of zlint about one certificate (PEM), notices left out. */
export async function zlint(certificatePem: string): Promise<readonly LintFinding[]> {
  const program = join(await build(goModules.zlint), 'zlint');
  const { code, stdout, stderr } = await runCommand(program, ['-'], certificatePem);
  if (code !== 0) throw new Error(`zlint ended with ${code}: ${stderr}`);
  const results: Record<string, { result: string; details?: string }> = JSON.parse(stdout);
  return Object.entries(results)
    .filter(([, { result }]) => ['warn', 'error', 'fatal'].includes(result))
    .map(([lint, { result, details }]) => ({ lint, result, ...(details ? { details } : {}) }) as LintFinding);
}
