/** Either the test that runs a command, with the words in that file that show it, or why none does. */
export type CommandProof = { readonly test: string; readonly words: string } | { readonly notRun: string };

/** Every command that README.md and CONTRIBUTING.md show in a fenced `sh` block, as it stands there. */
export const commandTable: Readonly<Record<string, CommandProof>> = {
  'npm ci': { test: '.ci/run', words: 'npm ci' },
  'npm run check': { notRun: 'runs these very tests; .ci/run runs its parts' },
  'sudo apt-get install -y --no-install-recommends bind9 bind9-dnsutils knot knot-dnsutils openssl': {
    test: '.ci/run',
    words: 'bind9 bind9-dnsutils knot knot-dnsutils openssl',
  },
};
