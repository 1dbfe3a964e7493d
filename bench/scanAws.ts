import { clientOf } from '../test/support/dynamodb.ts';
import { startMinistack } from '../test/support/peers/ministack.ts';
import { type Reads, readsOfScan } from '../test/support/scanReads.ts';
import { DUE } from './scan/heads.ts';
import { benchArguments, type Figure, report } from './support.ts';

const options = benchArguments(1);
const SIZES = [1000, 10_000] as const;

const ministack = await startMinistack();
const client = clientOf(ministack);
const all: Reads[] = [];
try {
  for (const size of SIZES) all.push(await readsOfScan(client, size));
} finally {
  client.destroy();
  await ministack.stop();
}
const members = ['queries', 'gets', 'rows'] as const;
const figures: Figure[] = [
  ...SIZES.flatMap((size, index) =>
    members.map((member) => ({
      name: `${size.toLocaleString('en')} certificates: ${member}`,
      value: all[index]![member],
      unit: '',
    })),
  ),
  ...members.map((member) => ({
    name: `${member}, largest to smallest`,
    value: all[1]![member] / all[0]![member],
    unit: 'times',
    reach: { atMost: 1.5 },
  })),
];
report(`What a scan reads of DynamoDB with ${DUE} certificates due`, figures, options);
