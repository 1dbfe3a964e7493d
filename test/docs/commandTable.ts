/** Either the test that runs a command, with the words in that file that show it, or why none does. */
export type CommandProof = { readonly test: string; readonly words: string } | { readonly notRun: string };

/** Every command that README.md and CONTRIBUTING.md show in a fenced `sh` block, as it stands there. */
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
  'sudo apt-get install -y --no-install-recommends bind9 bind9-dnsutils knot knot-dnsutils openssl python3 python3-venv':
    {
      test: '.ci/run',
      words: 'bind9 bind9-dnsutils knot knot-dnsutils openssl python3 python3-venv',
    },
};
