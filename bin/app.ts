import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { installation } from '../lib/stacks/app.ts';
import { bundleAll } from '../lib/stacks/bundles.ts';
import { ConfigInvalid, configOf } from '../lib/stacks/config.ts';

/** The CDK app: `npx cdk deploy --all -c config=FILE`. Without a file, all is as by default. */
async function main(): Promise<void> {
  // By itself it would write an empty assembly where the configuration is refused.
  const app = new App({ autoSynth: false });
  const config = configOf(app.node.getAllContext());
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  installation({ config, version, codeOf: await bundleAll() }, app);
  app.synth();
}

main().catch((error: unknown) => {
  process.stderr.write(error instanceof ConfigInvalid ? `${error.message}\n` : `${(error as Error).stack}\n`);
  process.exitCode = 1;
});
