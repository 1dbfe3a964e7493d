/**
 * Runs the tests: `node test/run.ts [--] [unit] [contract] [workflow] [e2e] [aws]`, all tiers when none is named. Builds missing peers first.
 * The last line is `N passed, N failed`, with `, N skipped` when suites were skipped; under CI=true a skip is a failure.
 */
import { startVitest, type TestModule, type Vitest } from 'vitest/node';
import { makePeers } from './support/peers/make.ts';

const tiers = ['unit', 'contract', 'workflow', 'e2e', 'aws'];

interface Summary {
  passed: number;
  failed: number;
  skipped: number;
}

function count(modules: readonly TestModule[], errors: readonly unknown[]): Summary {
  const summary = { passed: 0, failed: errors.length, skipped: 0 };
  for (const module of modules) {
    const tests = [...module.children.allTests()];
    for (const { result } of tests.map((test) => ({ result: test.result() }))) {
      if (result.state === 'passed') summary.passed += 1;
      else if (result.state === 'failed') summary.failed += 1;
      else summary.skipped += 1;
    }
    // A file that does not load, or whose hook fails, has errors and no failed test.
    const suites = [module, ...module.children.allSuites()];
    summary.failed += suites.filter((suite) => suite.errors().length > 0).length;
  }
  return summary;
}

async function run(chosen: readonly string[]): Promise<Summary> {
  const vitest: Vitest = await startVitest('test', [], { watch: false, project: [...chosen] });
  const summary = count(vitest.state.getTestModules(), vitest.state.getUnhandledErrors());
  await vitest.close();
  return summary;
}

const asked = process.argv.slice(2);
const unknown = asked.filter((tier) => !tiers.includes(tier));
if (unknown.length > 0) {
  console.error(`unknown tier ${unknown.join(', ')}: choose from ${tiers.join(', ')}`);
  process.exit(2);
}
const chosen = asked.length > 0 ? asked : tiers;
if (chosen.some((tier) => tier !== 'unit')) await makePeers((line) => console.log(line));
const { passed, failed, skipped } = await run(chosen);
const skips = skipped > 0 ? `, ${skipped} skipped` : '';
process.exitCode = failed > 0 || passed === 0 || (skipped > 0 && process.env.CI === 'true') ? 1 : 0;
await new Promise((resolve) => process.stdout.write(`${passed} passed, ${failed} failed${skips}\n`, resolve));
process.exit();
