/** Either the test that runs a command, with the words in that file that show it, or why none does. */
export type CommandProof = { readonly test: string; readonly words: string } | { readonly notRun: string };

const RESTORE = 'test/e2e/restore.test.ts';
const noAws = (why: string): CommandProof => ({ notRun: `nothing here runs AWS's command line; ${why}` });

/** Every command that README.md, CONTRIBUTING.md, docs/aws.md and docs/aws-upkeep.md show in a fenced `sh` block, as it stands there. */
export const commandTable: Readonly<Record<string, CommandProof>> = {
  'npm ci': { test: '.ci/run', words: 'npm ci' },
  'npm start': { test: 'test/e2e/serve.test.ts', words: 'serve' },
  'npx chancery team put demo': {
    test: 'test/e2e/transcripts/firstSteps.txt',
    words: '$ npx chancery team put demo\n',
  },
  'npx chancery request web --team demo --dns web.demo.test --issuer chancery-ca --wait': {
    test: 'test/e2e/transcripts/firstSteps.txt',
    words: '$ npx chancery request web --team demo --dns web.demo.test --issuer chancery-ca --wait\n',
  },
  'npx chancery describe web --team demo': {
    test: 'test/e2e/transcripts/firstSteps.txt',
    words: '$ npx chancery describe web --team demo\n',
  },
  'npx chancery pem web --team demo': {
    test: 'test/e2e/transcripts/firstSteps.txt',
    words: '$ npx chancery pem web --team demo\n',
  },
  'npm run demo': { test: 'test/e2e/demo.test.ts', words: 'demo' },
  'npm run check': { notRun: 'runs these very tests; .ci/run runs its parts' },
  'sudo apt-get install -y --no-install-recommends bind9 bind9-dnsutils knot knot-dnsutils openssl prometheus python3 python3-venv':
    {
      test: '.ci/run',
      words: 'bind9 bind9-dnsutils knot knot-dnsutils openssl prometheus python3 python3-venv',
    },
  'npm run synth -- -c config=chancery.json': {
    test: 'test/contract/stacks/badConfig.test.ts',
    words: "'synth', '-q'",
  },
  'npm run deploy -- -c config=chancery.json': {
    test: 'test/support/peers/deployment.ts',
    words: "'deploy', '--require-approval'",
  },
  "export CHANCERY_URL=$(aws cloudformation describe-stacks --stack-name chancery-api --query 'Stacks[0].Outputs[?OutputKey==`Url`].OutputValue' --output text)":
    noAws('the output Url is that of lib/stacks/api.ts'),
  "export CHANCERY_TOKEN=$(aws lambda invoke --function-name chancery-adminToken /dev/stderr 2>&1 >/dev/null | node -p 'JSON.parse(fs.readFileSync(0)).token')":
    { test: 'test/support/deployed.ts', words: "invoke('adminToken')" },
  "aws secretsmanager list-secrets --filters Key=name,Values=chancery/shop/web --query 'SecretList[].Name'": {
    test: 'test/e2e/aws/issuance.test.ts',
    words: 'goes to Secrets Manager',
  },
  "npx chancery team put shop --names '**.shop.example.com'": {
    test: 'test/e2e/transcripts/administration.txt',
    words: "$ chancery team put shop --names '**.shop.test'",
  },
  'npx chancery apply -f issuer.yaml': { test: 'test/e2e/transcripts/apply.txt', words: '$ chancery apply -f ' },
  'npx chancery request web --team shop --dns www.shop.example.com --issuer letsencrypt --wait': {
    test: 'test/e2e/transcripts/firstSteps.txt',
    words: 'chancery request web --team demo --dns web.demo.test --issuer chancery-ca --wait\n',
  },
  'git checkout RELEASE': { notRun: 'there is no release yet' },
  'aws lambda invoke --function-name chancery-rebuild --cli-read-timeout 900 --cli-binary-format raw-in-base64-out --payload \'{"restart":true}\' /dev/stdout':
    { test: RESTORE, words: 'rebuildTurn(services)({}' },
  "aws lambda invoke --function-name chancery-rewrap --cli-read-timeout 900 --cli-binary-format raw-in-base64-out --payload '{}' /dev/stdout":
    { test: 'test/e2e/aws/keys.test.ts', words: "app.invoke('rewrap')" },
  'for f in api scan react project; do aws lambda put-function-concurrency --function-name chancery-$f --reserved-concurrent-executions 0; done':
    noAws('the functions are those of lib/stacks/functions.ts'),
  'aws dynamodb restore-table-to-point-in-time --source-table-name LEDGER --target-table-name chancery-ledger-2 --restore-date-time 2026-11-22T09:00:00Z':
    { test: RESTORE, words: 'new RestoreTableToPointInTimeCommand(' },
  'aws dynamodb restore-table-to-point-in-time --source-table-name SEALED --target-table-name chancery-sealed-2 --use-latest-restorable-time':
    { test: RESTORE, words: 'new RestoreTableToPointInTimeCommand(' },
  'aws dynamodb wait table-exists --table-name chancery-ledger-2': {
    test: RESTORE,
    words: 'new DescribeTableCommand(',
  },
  'aws dynamodb wait table-exists --table-name chancery-sealed-2': {
    test: RESTORE,
    words: 'new DescribeTableCommand(',
  },
  'aws dynamodb update-table --table-name chancery-ledger-2 --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE --deletion-protection-enabled':
    { test: RESTORE, words: 'new UpdateTableCommand(' },
  'aws dynamodb update-table --table-name chancery-sealed-2 --deletion-protection-enabled': noAws(
    'the stack asks for the same of its own tables: test/contract/stacks/stacks.test.ts',
  ),
  'aws dynamodb update-continuous-backups --table-name chancery-ledger-2 --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true':
    { test: RESTORE, words: 'new UpdateContinuousBackupsCommand(' },
  'aws dynamodb update-continuous-backups --table-name chancery-sealed-2 --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true':
    { test: RESTORE, words: 'new UpdateContinuousBackupsCommand(' },
  'aws dynamodb describe-table --table-name chancery-ledger-2 --query Table.LatestStreamArn --output text': {
    test: RESTORE,
    words: 'LatestStreamArn',
  },
  'for f in api scan react project; do aws lambda delete-function-concurrency --function-name chancery-$f; done': noAws(
    'it takes back what put-function-concurrency did',
  ),
  'chancery redeliver --all': {
    test: 'test/e2e/transcripts/certificate.txt',
    words: '$ chancery redeliver --team demo\n',
  },
};
