import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { asked, counts, prices, table } from '../bench/cost/cost.ts';
import { billOf } from '../bench/cost/model.ts';

/** Where the page lies. */
export const PAGE = fileURLToPath(new URL('cost.md', import.meta.url));

/** Loads that the page shows, as they are asked for. */
const SHOWN = [
  '--certificates 1000 --lifetime 90',
  '--certificates 1000 --lifetime 47 --names 3 --destinations 2',
  '--certificates 10000 --lifetime 47',
  '--certificates 100000 --lifetime 7',
];

/** The page: what an installation costs, by the counts and the prices that are kept. */
export function cost(): string {
  const [counted, priced] = [counts(), prices()];
  const { assumed, prices: list } = priced;
  const bills = SHOWN.map((line) => {
    const { load } = asked(line.split(' '));
    return `### ${line}\n\n${table({ load, bill: billOf(load, counted, priced) })}`;
  });
  const unchecked = Object.values(list).filter(({ checked }) => !checked).length;
  const acts = Object.entries(counted.acts).map(
    ([act, { functions, executions, requests, readUnits, writeUnits, bytes }]) => {
      const total = (tally: Readonly<Record<string, number>>) =>
        Object.values(tally).reduce((sum, count) => sum + count, 0);
      return `| ${act} | ${total(functions)} | ${total(executions)} | ${total(requests)} | ${readUnits} | ${writeUnits} | ${bytes} |`;
    },
  );
  const taken = Object.entries(assumed).filter(([name]) => name !== 'note');
  return `# What it costs

Made by \`npm run docs:cost\`; a test compares. \`npm run cost -- --certificates N --lifetime DAYS\` says it for other loads, \`--secrets\` adds a secret of Secrets Manager for each, \`-o json\` is for programs, and
\`--check\` fails when a thousand certificates at rest cost over $5 a month, Secrets Manager's copies apart.

Requests, units and calls are counted by running the handlers that Lambda runs on an emulator, with a real CA and a real cluster (\`npm run cost:count\`, on ${counted.date}); a test counts again and compares. Keys, alarms
and dashboards are those of the templates. Prices are those of ${priced.region} in [prices.json](../bench/cost/prices.json), dated ${priced.date}, with the page that each is from; ${unchecked} of ${Object.keys(list).length} were written down from memory and
are marked so: compare them before you rely on a figure. Free allowances are those that an account has for ever, for all that runs in it: with others beside this, less of them is left. The emulator is not AWS, and nobody has paid a bill of this
size yet.

DynamoDB asks KMS for a table's key for each function that uses it, once in five minutes: how often is taken for granted below. Keys are those of the first year: AWS asks $1 a month more for each of the
first two times that it makes a key new, which by default is after seven years (\`keyRotationDays\`); with 365 the three keys would cost $6 in the second year and $9 from the third on. A dashboard is one of
the three that an account has free while it shows no more than 50 metrics; \`dashboard: false\` leaves it out, and $3 of the list price with it. While something is wrong, each kind of it is a metric more, and
one more of each team and issuer that has it: $0.30 a month, by the hour.

At rest means: nothing is issued, and everything is looked after: scans, checks of clusters and issuers, and a look for renewal information every six hours. Not in it: the API's requests (about $1.20 a million with their function), the first issuance of each
certificate, retries, hosted zones, data that leaves AWS.

${bills.join('\n\n')}

## What was counted

Of issuances: until nothing was under way any more, with one name and one copy in a cluster unless the name says otherwise. A reader of the feed is counted once a commit, which is the most there can be; units are DynamoDB's as the emulator has them.

| act | calls of functions | executions | requests of services | read units | write units | bytes kept |
|---|---:|---:|---:|---:|---:|---:|
${acts.join('\n')}

## What was taken for granted

| | |
|---|---:|
${taken.map(([name, value]) => `| ${name} | ${value} |`).join('\n')}
`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) writeFileSync(PAGE, cost());
