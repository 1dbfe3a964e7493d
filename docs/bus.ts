import { realpathSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { busEvents as announced } from '../lib/application/busEvents.ts';
import { busEvents, type PublicEvent } from '../lib/application/schema/busEvent.ts';
import { fixturesOf, TODAY } from './events.ts';
import { members, type Schema, table } from './schemaTable.ts';

const INTRODUCTION = `# The event bus

<!-- Made from the schemas of the events by \`npm run docs:bus\`; a test compares it. Do not edit. -->

What happens to certificates is told to whoever listens: on AWS on a bus of EventBridge, embedded by webhooks. These events are a public contract with a version; the
[events of the ledger](events.md) are storage, and not told. No key, token, order URL or body of a CA's answer is in them.

- **Ids**: an event may come more than once, and has the same \`id\` each time. Keep the ids of a day, and act on each once.
- **Order**: the events of a certificate mostly come as they happened; retries can change that. \`at\` says when, \`revision\` which issuance.
- **Versions**: new members, new types and new reasons or codes may come at any time: take no notice of what you do not know. When a member changes its meaning or goes,
  \`schemaVersion\` is raised.
- **Failures** are told each, with how many there were in a row in \`failures\`: they are tried again by themselves. Somebody is needed where \`cause\` says so, or when
  \`certificate.expiring\` comes.
`;

const ON_AWS = `## On AWS

The bus has the name of the installation, \`source\` is \`chancery.INSTANCE\`, \`detail-type\` the type, and \`detail\` the event. This pattern of a rule picks what was delivered to a cluster:

    {
      "source": ["chancery.INSTANCE"],
      "detail-type": ["certificate.delivered"],
      "detail": { "destination": [{ "prefix": "kubernetes/prod/" }] }
    }

The archive INSTANCE keeps every event for \`archiveDays\`; a replay of EventBridge tells them again, with the same ids. Messages to people go to the topic
\`INSTANCE-notifications\`: \`certificate.expiring\`, \`.drifted\`, \`.revoked\`, and of failures in a row the first, the tenth and the hundredth. Subscribe addresses by
\`notificationEmails\` in the [configuration](aws.md#configure), or anything else that SNS can reach.

What EventBridge does not take is put again for some seconds, and then by the feed, ten times; then it is a [dead letter](runbook.md#there-are-dead-letters). The fast path of the same commits does not wait for it.

## Embedded

    chancery serve --notify https://hooks.example.com/chancery --notify-token-file /etc/chancery/notify.token

\`--notify\` may be repeated. Each event is a POST of a CloudEvent 1.0 (\`application/cloudevents+json\`) whose \`data\` is the event, \`id\`, \`type\`, \`time\` and \`subject\` (\`TEAM/NAME\`) its
own, and \`source\` \`chancery.INSTANCE\`. The token comes as \`Authorization: Bearer\`, the same for every receiver; its file is read at each call.

- Any answer 2xx says that the event was taken. 400, 413 and 422 say that it never will be: that is logged, and it is not sent again. After anything else it is sent again, after
  pauses that grow to half a minute, until a day has passed since it happened.
- The ledger is the queue: each receiver has a checkpoint of its own, nothing waits for one that is away, and a restart goes on where it ended. A new receiver hears of the last day first.
- The address goes through the service's guarded dialler: one that is private or local must be allowed by \`--allow\`. Redirects are not followed.
`;

/** The text of docs/bus.md. */
export function busPage(): string {
  const types = Object.entries(busEvents);
  const schemas = types.map(([, schema]) => z.toJSONSchema(schema) as Schema & { readonly description: string });
  const common = Object.keys(schemas[0]!.properties!).filter((name) =>
    schemas.every(({ properties }) => name in properties!),
  );
  const shared = common.filter((name) => name !== 'revision');
  const only = ({ properties, ...rest }: Schema, wanted: (name: string) => boolean): Schema => ({
    ...rest,
    properties: Object.fromEntries(Object.entries(properties!).filter(([name]) => wanted(name))),
  });
  const head = ['member', 'is', ''];
  const sections = schemas.map((schema, index) => [
    `### ${types[index]![0]}\n`,
    `${schema.description}\n`,
    ...table(
      head,
      members(
        only(schema, (name) => !shared.includes(name)),
        '',
      ),
    ),
    '',
  ]);
  return [
    INTRODUCTION,
    '## Every event\n',
    ...table(
      head,
      members(
        only(schemas[0]!, (name) => shared.includes(name)),
        '',
      ),
    ).map((line) => line.replace(`\`"${types[0]![0]}"\``, types.map(([type]) => `\`${type}\``).join(' '))),
    '\nFor example:\n',
    ...JSON.stringify(example(), null, 2)
      .split('\n')
      .map((line) => `    ${line}`),
    '\n## Types\n',
    ...sections.flat(),
    ON_AWS,
  ].join('\n');
}

/** A failed issuance, as the ledger's own example of it is told. */
function example(): PublicEvent {
  const { stream, given, events, at } = fixturesOf(TODAY).find(({ name }) => name === 'issuance.IssuanceFailed')!;
  const commit = { stream, at, actor: '', commitId: '', correlationId: '', previousHash: '', hash: '' };
  const earlier = given.map((event, index) => ({ ...commit, version: index + 1, events: [event] }));
  const told = announced({ ...commit, version: given.length + 1, events }, earlier, true);
  return (told as readonly PublicEvent[])[0]!;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('bus.md', import.meta.url), busPage());
}
